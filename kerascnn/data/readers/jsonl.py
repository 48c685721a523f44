"""Read JSON Lines files, and JSON files with an array of objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from kerascnn.data.annotated_json import convert_annotations, is_array, parse_array
from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import describe_undecodable, read_lines
from kerascnn.data.json_values import to_text
from kerascnn.data.readers.base import decoding_errors, is_strict, skip_bad_row
from kerascnn.data.readers.typed_rows import make_record
from kerascnn.data.records import BadRow, BadRowHandler, Record
from kerascnn.utils.errors import InputError

_EXPECTED = 'each line must be one object such as {"text": "…", "label": "…"}'


def read_jsonl(
    path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield the records of a JSON Lines file, or of an array of objects; blank lines are skipped."""
    number = 0
    errors = decoding_errors(on_bad_row)
    lines = read_lines(path, source.encoding, max_bytes=source.max_row_bytes, newline="\n", errors=errors)
    is_first = True
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if is_first and is_array(line):
            yield from _read_array(chain([line], lines), path, source, required, on_bad_row)
            return
        is_first = False
        try:
            values = _parse_line(line, source)
            record = _make_record(values, path, number, source, required, allow_null=is_strict(on_bad_row))
        except InputError as error:
            on_bad_row(BadRow(path, number, str(error), line))
        else:
            yield record
    if not number:
        raise InputError(f"{path} is empty; {_EXPECTED}")


def _read_array(
    lines: Iterable[str], path: str, source: SourceConfig, required: tuple[str, ...], on_bad_row: BadRowHandler
) -> Iterator[Record]:
    """Yield the records of a JSON array; its values are the rows."""
    text = "".join(lines)
    if fault := describe_undecodable(text, source.encoding):
        raise InputError(f"{path}: {fault}")
    try:
        values = parse_array([text])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    for number, value in enumerate(values, start=1):
        try:
            record = _make_record(value, path, number, source, required, allow_null=is_strict(on_bad_row))
        except InputError as error:
            on_bad_row(BadRow(path, number, str(error), to_text(value)))
        else:
            yield record


def _make_record(
    value: Any, path: str, number: int, source: SourceConfig, required: tuple[str, ...], *, allow_null: bool
) -> Record:
    """Return the record of a JSON value.

    Raises:
        InputError: It is not an object with the required keys, or has other values.
    """
    values = convert_annotations(value, source, labelled=len(required) > 1)
    if not isinstance(values, dict):
        raise InputError(f"{_EXPECTED}, this is a {type(values).__name__}")
    return make_record(values, path, number, source, required, allow_null=allow_null)


def read_jsonl_keys(path: str, source: SourceConfig) -> list[str]:
    """Return all keys of a JSON Lines file, in the order in which they first occur."""
    records = read_jsonl(path, source, (source.text_column,), skip_bad_row)
    return list(dict.fromkeys(name for record in records for name in record.fields))


def _parse_line(line: str, source: SourceConfig) -> Any:
    """Parse a line as JSON.

    Raises:
        InputError: It is not JSON, or has a key twice.
    """
    if fault := describe_undecodable(line, source.encoding):
        raise InputError(fault)
    names: list[str] = []

    def make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # the last object to be made is the outer one
        names[:] = [name for name, _ in pairs]
        return dict(pairs)

    try:
        values = json.loads(line, object_pairs_hook=make_object)
    except json.JSONDecodeError as error:
        if line.strip()[:1] == "[" or line.strip() == "{":
            raise InputError(
                "not one object in a line, but JSON of several lines; write it with pandas:"
                " table.to_json(FILE, orient='records', lines=True)"
            ) from None
        raise InputError(f"not JSON ({error.msg} at character {error.pos + 1}); {_EXPECTED}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not readable as JSON ({error}); {_EXPECTED}") from None
    if isinstance(values, dict) and len(names) > len(values):
        repeated = next(name for name in names if names.count(name) > 1)
        raise InputError(f"two values are named {repeated!r}; rename or remove one of them")
    return values
