"""JSON of annotation programs: arrays of tasks of Label Studio, and rows of spaCy, as objects with text and spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from kerascnn.utils.errors import InputError

_SPACY_KEYS = ("entities", "spans")


def is_array(line: str) -> bool:
    """Return whether the first line of a file begins an array of rows, and is no row itself."""
    start = line.strip()[:100].removeprefix("[").lstrip() if line.lstrip().startswith("[") else "-"
    return start[:1] in ("", "{", "[")


def parse_array(lines: Iterable[str]) -> list[Any]:
    """Return the values of a JSON array.

    Raises:
        InputError: It is not JSON, or not an array; the message does not name the file.
    """
    try:
        values = json.loads("".join(lines))
    except json.JSONDecodeError as error:
        raise InputError(
            f"a JSON array that is damaged ({error.msg} in line {error.lineno}, column {error.colno}); write it again,"
            " or as JSON lines"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"not readable as JSON ({error}); write JSON lines") from None
    return values if isinstance(values, list) else [values]


def convert_annotations(value: Any, text_column: str, label_column: str) -> Any:
    """Return a row of spaCy or a task of Label Studio as an object with its text and its spans or labels.

    Other values are returned unchanged.

    Args:
        value: A row: ``["text", {"entities": [[0, 4, "PER"]]}]``, or ``{"data": {"text": …}, "annotations": […]}``.
        text_column: Key of the text in the result, and in the data of a task.
        label_column: Key of the spans or labels in the result.

    Raises:
        InputError: A task has no text or no annotation.
    """
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
        spans = next((value[1][key] for key in _SPACY_KEYS if key in value[1]), None)
        return value if spans is None else {text_column: value[0], label_column: spans}
    if isinstance(value, dict) and isinstance(value.get("data"), dict) and isinstance(value.get("annotations"), list):
        return _convert_task(value, text_column, label_column)
    return value


def _convert_task(task: dict[str, Any], text_column: str, label_column: str) -> dict[str, Any]:
    data = task["data"]
    texts = [key for key, found in data.items() if isinstance(found, str)]
    key = text_column if text_column in data else texts[0] if len(texts) == 1 else ""
    if not key:
        raise InputError(
            f"the task has no text {text_column!r}, its data has {', '.join(map(repr, data))}; see --text-column"
        )
    annotations = [found for found in task["annotations"] if isinstance(found, dict) and not found.get("was_cancelled")]
    if not annotations:
        raise InputError("the task has no annotation; annotate it, or leave it out of the export")
    results: Sequence[Any] = annotations[-1].get("result") or []
    values = [result["value"] for result in results if isinstance(result, dict) and "value" in result]
    choices = [choice for found in values for choice in found.get("choices", ())]
    return {text_column: data[key], label_column: choices or [found for found in values if "start" in found]}
