"""Sentences with entities."""

from __future__ import annotations

import itertools

_PEOPLE = (["Anna"], ["Bob", "Miller"], ["Carla"], ["David", "Stone"])
_PLACES = (["Rome"], ["New", "York"], ["Paris"])
NAMES = {word for name in (*_PEOPLE, *_PLACES) for word in name}


def _tag(name: list[str], label: str) -> list[str]:
    return [f"B-{label}", *[f"I-{label}"] * (len(name) - 1)]


_PAIRS = [
    (
        [*first, "met", *second, "in", *place, "."],
        [*_tag(first, "PER"), "O", *_tag(second, "PER"), "O", *_tag(place, "LOC"), "O"],
    )
    for first, second, place in itertools.product(_PEOPLE, _PEOPLE, _PLACES)
    if first != second
]
SENTENCES = [tokens for tokens, _ in _PAIRS]
"""Sentences such as ``Anna met Bob Miller in Rome .``."""
TAGS = [tags for _, tags in _PAIRS]
"""Their tags, in the scheme IOB2."""
