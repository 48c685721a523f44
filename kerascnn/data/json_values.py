"""Typed values, as JSON and Parquet have them, as text."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from kerascnn.config import SourceConfig
from kerascnn.data import labels
from kerascnn.data.records import Record
from kerascnn.utils.errors import InputError


def parse_record(
    values: Mapping[str, object], path: str, number: int, source: SourceConfig, needed: tuple[str, ...], *, nulls: bool
) -> Record:
    """A record of typed values; the text must be a string, a label a string, a whole number, or a list of such.

    Args:
        values: Column to value.
        path: As in ``Record``.
        number: As in ``Record``.
        source: Columns.
        needed: Those that must be there.
        nulls: Whether null is an empty text.

    Raises:
        InputError: They are not; the message does not name the row.
    """
    fields = {to_text(name): to_text(value) for name, value in values.items()}
    text, label = values[source.text_column], values.get(source.label_column)
    if fault := check_text(text, source.text_column, nulls=nulls):
        raise InputError(fault)
    if source.label_column not in needed:
        return Record(fields, path, number)
    if isinstance(label, list):
        found = labels.parse_label_list(label, repr(source.label_column))
        return Record(fields, path, number, tuple(map(to_text, found)))
    if isinstance(label, float):
        fields[source.label_column] = "" if math.isnan(label) else f"{label:.15g}"
    elif not isinstance(label, str | int | None):
        raise InputError(
            f"{source.label_column!r} is {fields[source.label_column][:40]} ({type(label).__name__}); "
            "a label is one string or whole number, several are a list of them"
        )
    return Record(fields, path, number)


def check_text(value: object, column: str, *, nulls: bool) -> str:
    """What keeps a value from being a text; nothing, if it is one.

    Args:
        value: What a row has.
        column: Where, for the message.
        nulls: Whether null is an empty text.
    """
    if isinstance(value, str) or (value is None and nulls):
        return ""
    if value is None:
        return f"{column!r} is null; a row without a text has no answer"
    return (
        f"{column!r} is {to_text(value)[:40]} ({type(value).__name__}), "
        "not a string; write it as one, or name another column with --text-column"
    )


def to_text(value: object) -> str:
    """A value as text: a string as it is, null as nothing, all else as JSON."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if text.isascii():
        return text
    # JSON can spell half of a surrogate pair, which no encoder would accept later.
    return text.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")
