"""Convert typed values, as in JSON and Parquet, to text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from kerascnn.data.config import SourceConfig
from kerascnn.data.label_types import find_label_type
from kerascnn.data.labels import parse_label_list
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError


def parse_record(
    values: Mapping[str, object],
    path: str,
    number: int,
    source: SourceConfig,
    required: tuple[str, ...],
    *,
    allow_null: bool,
) -> Record:
    """Return a record of typed values.

    The text must be a string. A label must be a string, a whole number, or a list of these.

    Args:
        values: Column names to values.
        path: Path of the file.
        number: Number of the row.
        source: Names of the columns.
        required: Columns that the record must have.
        allow_null: Whether null is an empty text.

    Raises:
        InputError: The text or the label has another type; the message does not name the row.
    """
    fields = {to_text(name): to_text(value) for name, value in values.items()}
    text, label = values[source.text_column], values.get(source.label_column)
    if fault := check_text(text, source.text_column, allow_null=allow_null):
        raise InputError(fault)
    if source.label_column not in required:
        return Record(fields, path, number)
    if isinstance(label, list):
        labels = parse_label_list(label, repr(source.label_column))
        return Record(fields, path, number, tuple(map(to_text, labels)), label_type=find_label_type(label))
    if isinstance(label, float):
        fields[source.label_column] = "" if math.isnan(label) else f"{label:.15g}"
    elif not isinstance(label, str | int | None):
        raise InputError(
            f"{source.label_column!r} is {fields[source.label_column][:40]} ({type(label).__name__}), not a label; "
            "write a string, a whole number, or a list of these"
        )
    return Record(fields, path, number, label_type=find_label_type([label]))


def check_text(value: object, column: str, *, allow_null: bool) -> str:
    """Describe why a value is not a text; empty if it is one.

    Args:
        value: Value of the text column.
        column: Name of the text column.
        allow_null: Whether null is an empty text.
    """
    if isinstance(value, str) or (value is None and allow_null):
        return ""
    if value is None:
        return f"{column!r} is null, not a text; add the text, or remove the row"
    return (
        f"{column!r} is {to_text(value)[:40]} ({type(value).__name__}), not a string; "
        "write a string, or name another column with --text-column"
    )


def to_text(value: object) -> str:
    """Convert a value to text: null to nothing, numbers, lists and objects to JSON, dates as Python writes them.

    Half of a surrogate pair, which JSON can have, is replaced.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        text = value
    elif isinstance(value, int | float | list | tuple | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    if text.isascii():
        return text
    # JSON can spell half of a surrogate pair, which no encoder would accept later.
    return text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")
