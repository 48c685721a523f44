"""Records of rows with typed values, as in JSON and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kerascnn.data.config import SourceConfig
from kerascnn.data.json_values import parse_record, to_text
from kerascnn.data.readers.base import describe_missing_column
from kerascnn.data.records import Record
from kerascnn.data.tagged_values import describe_missing_tags, is_tagged, parse_tagged_record
from kerascnn.utils.errors import InputError


def make_record(
    values: Mapping[str, Any],
    path: str,
    number: int,
    source: SourceConfig,
    required: tuple[str, ...],
    *,
    allow_null: bool,
) -> Record:
    """Return the record of a row: of a text with its labels, or of tokens with tags.

    Args:
        values: Column names to values.
        path: Path of the file.
        number: Number of the row.
        source: Names of the columns.
        required: The text column, and the label columns if labels are required.
        allow_null: Whether null is an empty text.

    Raises:
        InputError: A column is missing, or has values that are not texts, labels, tokens, tags or spans; the message
            does not name the row.
    """
    labelled = len(required) > 1
    if is_tagged(values, source, labelled=labelled):
        fields = {to_text(name): to_text(value) for name, value in values.items()}
        return parse_tagged_record(values, fields, path, number, source, labelled=labelled)
    fault = describe_missing_tags(values, source) if labelled else ""
    if fault := fault or describe_missing_column(values, required):
        raise InputError(fault)
    return parse_record(values, path, number, source, required, allow_null=allow_null)
