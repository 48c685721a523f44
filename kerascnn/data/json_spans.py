"""Spans of texts as annotation programs write them in JSON: lists of start, end and label, or objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from kerascnn.data.token_spans import Span
from kerascnn.utils.errors import InputError

_START, _END = ("start", "start_offset"), ("end", "end_offset")
_LABEL = ("label", "labels", "type", "entity_group", "hypertextlabels")


def is_span(value: Any) -> bool:
    """Return whether a JSON value has the form of a span."""
    if isinstance(value, dict):
        return _first(value, _START) is not None and _first(value, _END) is not None
    return isinstance(value, list) and len(value) == 3 and all(isinstance(item, int | float) for item in value[:2])


def parse_spans(values: Sequence[Any], text: str) -> list[Span]:
    """Return the spans of a text.

    Objects may hold the text of their span. If those are right only with positions in UTF-16, as JavaScript counts, the
    positions are converted.

    Args:
        values: Values that are each ``is_span``.
        text: The text.

    Raises:
        InputError: A span has no label or several, is outside the text, or has another text than it should; the message
            does not name the row.
    """
    positions = [_parse_positions(value) for value in values]
    labels = [_parse_label(value) for value in values]
    expected = [value.get("text") if isinstance(value, dict) else None for value in values]
    wrong = _find_wrong(positions, expected, text)
    if wrong >= 0 and any(character > "\uffff" for character in text):
        units = [0, *accumulate(1 + (character > "\uffff") for character in text)]
        points = {unit: point for point, unit in enumerate(units)}
        converted = [(points.get(start, -1), points.get(end, -1)) for start, end in positions]
        if _find_wrong(converted, expected, text) < 0:
            positions, wrong = converted, -1
    for value, (start, end) in zip(values, positions, strict=True):
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"the span {str(value)[:60]} is outside the text, which has {len(text)} characters, or is empty"
            )
    if wrong >= 0:
        start, end = positions[wrong]
        raise InputError(
            f"the span {start} to {end} should be {expected[wrong]!r}, and the text has {text[start:end]!r} there;"
            " correct the positions, which count characters from 0"
        )
    return [Span(*pair, label) for pair, label in zip(positions, labels, strict=True)]


def _find_wrong(positions: Sequence[tuple[int, int]], expected: Sequence[Any], text: str) -> int:
    """Return the number of the first span that has not the expected text; -1: there is none. Kinds of spaces agree."""
    for number, ((start, end), found) in enumerate(zip(positions, expected, strict=True)):
        if isinstance(found, str) and (start < 0 or found.split() != text[start:end].split()):
            return number
    return -1


def _parse_positions(value: Any) -> tuple[int, int]:
    start, end = value[:2] if isinstance(value, list) else (_first(value, _START), _first(value, _END))
    offsets = value.get("globalOffsets") if isinstance(value, dict) else None
    if isinstance(offsets, dict):  # of hypertext, whose start and end are elements
        start, end = offsets.get("start"), offsets.get("end")
    if not (_is_whole(start) and _is_whole(end)):
        raise InputError(f"the span {str(value)[:60]} has no numbers of characters as start and end; write them from 0")
    return int(start), int(end)


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value == value // 1


def _parse_label(value: Any) -> str:
    label = value[2] if isinstance(value, list) else _first(value, _LABEL)
    labels = label if isinstance(label, list) else [label]
    if len(labels) > 1:
        raise InputError(f"the span {str(value)[:60]} has {len(labels)} labels; a token has one tag, so keep one")
    if not labels or not isinstance(labels[0], str) or not labels[0].strip():
        raise InputError(f"the span {str(value)[:60]} has no label; write a string")
    return labels[0].strip()


def _first(values: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if name in values), None)
