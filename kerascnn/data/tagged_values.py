"""Convert lists of tokens and tags, and texts with spans, as in JSON, to records of tokens with tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from kerascnn.data.config import SourceConfig
from kerascnn.data.json_spans import is_span, parse_spans
from kerascnn.data.records import Record
from kerascnn.data.token_spans import tag_tokens
from kerascnn.data.token_texts import join_tokens, locate_tokens
from kerascnn.utils.errors import InputError, did_you_mean

TAG_KEYS = ("tags", "ner_tags", "pos_tags", "upos", "labels", "label")
"""Keys of a list of tags, if ``source.tag_column`` is empty."""
SPAN_KEYS = ("label", "labels", "spans", "entities")
"""Keys of a list of spans, if ``source.tag_column`` is empty."""
_LABEL_STUDIO_KEYS = ("annotator", "annotation_id")
"""Keys of a row of Label Studio's JSON-MIN, which has no key for spans if there are none."""


def is_tagged(values: Mapping[str, Any], source: SourceConfig, *, labelled: bool) -> bool:
    """Return whether an object has tokens with tags, or a text with spans, and no label of the whole text.

    Args:
        values: Keys to values.
        source: Names of the columns.
        labelled: Whether the tags are required; otherwise a list of tokens suffices.
    """
    if not labelled:
        return _find_tokens(values, source) is not None
    if _has_text_label(values, source):
        return False
    has_text = isinstance(values.get(source.text_column), str)
    if _find_tokens(values, source) is not None and (
        source.token_column or not has_text or _find_tag_key(values, source)
    ):
        return True
    return has_text and _find_spans(values, source) is not None


def may_be_tagged(
    list_columns: Collection[str], columns: Collection[str], source: SourceConfig, required: tuple[str, ...]
) -> bool:
    """Return whether rows of a table may be tagged, given its columns and those of lists."""
    has_tokens = (source.token_column or "tokens") in list_columns
    if len(required) == 1:
        return has_tokens and source.text_column not in columns
    if source.tag_column or source.token_column:
        return has_tokens or source.tag_column in list_columns
    is_named = bool(source.label_columns or source.label_separator) or source.label_column != SourceConfig.label_column
    if is_named or all(name in columns for name in required):
        return False  # the text column and the label column have it all
    return has_tokens or any(key in list_columns for key in SPAN_KEYS)


def parse_tagged_record(
    values: Mapping[str, Any], fields: dict[str, str], path: str, number: int, source: SourceConfig, *, labelled: bool
) -> Record:
    """Return the record of an object that ``is_tagged``; a text that it has is kept.

    Args:
        values: Keys to values.
        fields: The same as text.
        path: Path of the file.
        number: Number of the row.
        source: Names of the columns.
        labelled: Whether the tags are required; otherwise spans are ignored, and tokens that are not those of the text.

    Raises:
        InputError: The tags do not fit the tokens, or a span does not fit the text; the message does not name the row.
    """
    text, words = values.get(source.text_column), _find_tokens(values, source)
    spans = _find_spans(values, source) if labelled and isinstance(text, str) else None
    if isinstance(text, str) and spans is not None and (spans or not words or not _find_tag_key(values, source)):
        if not spans:
            return Record(fields, path, number, ())  # as an empty list of labels
        tokens, tags = tag_tokens(text, parse_spans(spans, text))
        return Record(fields, path, number, tags, tokens=tokens)
    words = words or []
    is_whole = bool(words) and all(word.strip() for word in words)
    if isinstance(text, str):
        located = locate_tokens(words, text) if is_whole else None
        if not labelled:
            return Record(fields, path, number, tokens=located)
    if not is_whole:
        raise InputError("the list of tokens is empty, or has an empty token; remove it")
    if not isinstance(text, str):
        text, located = join_tokens(words)
        fields = {**fields, source.text_column: text}
    elif located is None:
        raise InputError(
            f"the tokens, {str(words)[:40]}, are not those of {source.text_column!r}, {text[:40]!r}; correct one of"
            " them, or leave the text out: --text-column joined"
        )
    return Record(fields, path, number, _find_tags(values, source, words, labelled), tokens=located)


def describe_missing_tags(values: Mapping[str, Any], source: SourceConfig) -> str:
    """Describe that a labelled object has neither a label nor what ``source.tag_column`` names; empty if it has."""
    if source.tag_column and source.tag_column not in values:
        return (
            f"no key {source.tag_column!r}, there are {', '.join(map(repr, values))}"
            f"{did_you_mean(source.tag_column, list(values))}; name it with --source.tag-column"
        )
    return ""


def _find_tokens(values: Mapping[str, Any], source: SourceConfig) -> list[str] | None:
    tokens = values.get(source.token_column or "tokens")
    return tokens if isinstance(tokens, list) and all(isinstance(word, str) for word in tokens) else None


def _has_text_label(values: Mapping[str, Any], source: SourceConfig) -> bool:
    """Return whether an object has the label column, with labels of the whole text."""
    if source.tag_column or source.token_column:
        return False
    if source.label_columns or source.label_separator:
        return True
    if source.label_column not in values:
        return source.label_column != SourceConfig.label_column
    label = values[source.label_column]
    if not isinstance(label, list):
        return True
    if label and all(map(is_span, label)):
        return False
    return isinstance(values.get(source.text_column), str) or _find_tokens(values, source) is None


def _find_spans(values: Mapping[str, Any], source: SourceConfig) -> list[Any] | None:
    """Return the spans of a row, which may be none; None if the row has no column of spans."""
    keys = (source.tag_column,) if source.tag_column else (source.label_column, *SPAN_KEYS)
    present = [values[key] or [] for key in keys if key in values]
    found = [spans for spans in present if isinstance(spans, list) and all(map(is_span, spans))]
    if not present and any(key in values for key in _LABEL_STUDIO_KEYS):
        found = [[]]
    return next((spans for spans in found if spans), found[0] if found else None)


def _find_tag_key(values: Mapping[str, Any], source: SourceConfig) -> str:
    keys = (source.tag_column,) if source.tag_column else TAG_KEYS
    return next((key for key in keys if isinstance(values.get(key), list)), "")


def _find_tags(
    values: Mapping[str, Any], source: SourceConfig, words: list[str], labelled: bool
) -> tuple[str, ...] | None:
    if not (key := _find_tag_key(values, source)):
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
