"""Tokens of texts with spans."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from kerascnn.data.records import Token
from kerascnn.data.tag_schemes import OUTSIDE
from kerascnn.text.words import split_words
from kerascnn.utils.errors import InputError


class Span(NamedTuple):
    """A part of a text with a label.

    Attributes:
        start: Position of its first character in the text.
        end: Position after its last character.
        label: The label.
    """

    start: int
    end: int
    label: str


def tag_tokens(text: str, spans: Sequence[Span]) -> tuple[tuple[Token, ...], tuple[str, ...]]:
    """Return the words of a text, and their tags in the scheme IOB2.

    A word is divided where a span begins or ends inside it, so that the tags have exactly the spans.

    Raises:
        InputError: Spans overlap, or one has spaces only.
    """
    spans = sorted(spans)
    for before, after in pairwise(spans):
        if after.start < before.end:
            raise InputError(
                f"the spans {text[before.start : before.end]!r} ({before.label}) and {text[after.start : after.end]!r}"
                f" ({after.label}) overlap; a token has one tag, so keep one of them"
            )
    tokens: list[Token] = []
    tags: list[str] = []
    position = 0
    for span in [*spans, Span(len(text), len(text), "")]:
        for start, end, label in ((position, span.start, ""), (span.start, span.end, span.label)):
            words = split_words(text[start:end])
            if label and not words:
                raise InputError(f"the span {start} to {end} ({label}) has no token, only spaces; remove it")
            tokens += [Token(text[start + a : start + b], start + a, start + b) for a, b in words]
            tags += [f"{'I' if k else 'B'}-{label}" if label else OUTSIDE for k in range(len(words))]
        position = span.end
    return tuple(tokens), tuple(tags)
