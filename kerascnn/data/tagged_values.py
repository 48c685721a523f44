"""Convert lists of tokens and tags, and texts with spans, as in JSON, to records of tokens with tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record
from kerascnn.data.token_spans import Span, tag_tokens
from kerascnn.data.token_texts import join_tokens, locate_tokens
from kerascnn.utils.errors import InputError

TAG_KEYS = ("tags", "ner_tags", "pos_tags", "upos", "labels", "label")
"""Keys of a list of tags, if ``source.tag_column`` is empty."""
SPAN_KEYS = ("label", "labels", "spans", "entities")
"""Keys of a list of spans, if ``source.tag_column`` is empty."""
_START, _END, _LABEL = ("start", "start_offset"), ("end", "end_offset"), ("label", "labels", "type", "entity_group")


def is_tagged(values: Mapping[str, Any], source: SourceConfig) -> bool:
    """Return whether an object has a list of tokens, or a text with spans."""
    tokens = values.get(source.token_column or "tokens")
    return (isinstance(tokens, list) and all(isinstance(x, str) for x in tokens)) or _find_spans(values, source) != ""


def parse_tagged_record(
    values: Mapping[str, Any], fields: dict[str, str], path: str, number: int, source: SourceConfig, *, labelled: bool
) -> Record:
    """Return the record of an object that ``is_tagged``.

    Args:
        values: Keys to values.
        fields: The same as text.
        path: Path of the file.
        number: Number of the row.
        source: Names of the columns.
        labelled: Whether the tags are required.

    Raises:
        InputError: The tags do not fit the tokens, or a span does not fit the text; the message does not name the row.
    """
    if key := _find_spans(values, source):
        text = values.get(source.text_column)
        if not isinstance(text, str):
            raise InputError(
                f"{source.text_column!r} is {str(text)[:40]}, not the text of the spans; see --text-column"
            )
        tokens, tags = tag_tokens(text, [_parse_span(span, text) for span in values[key]])
        return Record(fields, path, number, tags, tokens=tokens)
    words = values[source.token_column or "tokens"]
    if not words or not all(word.strip() for word in words):
        raise InputError("the list of tokens is empty, or has an empty token; remove it")
    text, located = values.get(source.text_column), None
    if isinstance(text, str):
        located = locate_tokens(words, text)
    if located is None:
        text, located = join_tokens(words)
    fields = {**fields, source.text_column: str(text)}
    return Record(fields, path, number, _find_tags(values, source, words, labelled), tokens=located)


def _find_spans(values: Mapping[str, Any], source: SourceConfig) -> str:
    """Return the key of a list of spans; empty if there is none."""
    keys = (source.tag_column,) if source.tag_column else (source.label_column, *SPAN_KEYS)
    for key in keys:
        value = values.get(key)
        if isinstance(value, list) and value and all(_is_span(item) for item in value):
            return key
    return ""


def _is_span(value: Any) -> bool:
    if isinstance(value, dict):
        return _first(value, _START) is not None and _first(value, _END) is not None
    return isinstance(value, list) and len(value) == 3 and isinstance(value[0], int) and isinstance(value[1], int)


def _parse_span(value: Any, text: str) -> Span:
    if isinstance(value, list):
        start, end, label = value
    else:
        start, end, label = (_first(value, names) for names in (_START, _END, _LABEL))
    label = label[0] if isinstance(label, list) and len(label) == 1 else label
    if not isinstance(label, str) or not label.strip():
        raise InputError(f"the span {str(value)[:60]} has no label; write a string")
    if not (isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)):
        raise InputError(f"the span {str(value)[:60]} is outside the text, which has {len(text)} characters")
    return Span(start, end, label.strip())


def _first(values: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((values[name] for name in names if name in values), None)


def _find_tags(
    values: Mapping[str, Any], source: SourceConfig, words: list[str], labelled: bool
) -> tuple[str, ...] | None:
    keys = (source.tag_column,) if source.tag_column else TAG_KEYS
    key = next((key for key in keys if isinstance(values.get(key), list)), "")
    if not key:
        if labelled:
            raise InputError(f"no list of tags, there are {', '.join(map(repr, values))}; see --source.tag-column")
        return None
    tags = values[key]
    if len(tags) != len(words):
        raise InputError(f"{len(words)} tokens and {len(tags)} tags in {key!r}; give one tag per token")
    for tag in tags:
        if isinstance(tag, bool) or not isinstance(tag, str | int) or not str(tag).strip():
            raise InputError(f"{key!r} has the tag {tag!r}; a tag is a string or a whole number")
    return tuple(str(tag).strip() for tag in tags)
