"""JSON of annotation programs: arrays of tasks of Label Studio, and rows of spaCy, as objects with text and spans."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from kerascnn.data.config import SourceConfig
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


def convert_annotations(value: Any, source: SourceConfig, *, labelled: bool) -> Any:
    """Return a row of spaCy or a task of Label Studio as an object with its text and its spans or labels.

    Other values are returned unchanged.

    Args:
        value: A row: ``["text", {"entities": [[0, 4, "PER"]]}]``, or ``{"data": {"text": …}, "annotations": […]}``.
        source: Names of the columns. The spans or labels get that of the tags, or else that of the label.
        labelled: Whether a task must have an annotation.

    Raises:
        InputError: A task has no text or no annotation, or several that differ.
    """
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict):
        spans = next((value[1][key] for key in _SPACY_KEYS if key in value[1]), None)
        return value if spans is None else {source.text_column: value[0], _label_key(source): spans}
    if isinstance(value, dict) and isinstance(value.get("data"), dict) and isinstance(value.get("annotations"), list):
        text = _find_text(value["data"], source)
        return {source.text_column: text, **(_find_labels(value, source) if labelled else {})}
    return value


def _label_key(source: SourceConfig) -> str:
    return source.tag_column or source.label_column


def _find_text(data: dict[str, Any], source: SourceConfig) -> Any:
    texts = [key for key, found in data.items() if isinstance(found, str)]
    key = source.text_column if source.text_column in data else texts[0] if len(texts) == 1 else ""
    if not key:
        raise InputError(
            f"the task has no text {source.text_column!r}, its data has {', '.join(map(repr, data))}; see --text-column"
        )
    return data[key]


def _find_labels(task: dict[str, Any], source: SourceConfig) -> dict[str, Any]:
    """Return the spans or choices of a task; a column that was named chooses the tag of the labelling interface."""
    annotations = [found for found in task["annotations"] if isinstance(found, dict) and not found.get("was_cancelled")]
    if not annotations:
        raise InputError("the task has no annotation; annotate it, or leave it out of the export")
    annotations = [found for found in annotations if found.get("ground_truth")] or annotations
    found = [_list_values(annotation, source) for annotation in annotations]
    if different := next((position for position, values in enumerate(found) if values != found[0]), 0):
        raise InputError(
            f"annotations 1 and {different + 1} of the task differ; mark one as ground truth in Label Studio, or remove"
            " the others"
        )
    choices = [choice for value in found[0] for choice in value.get("choices", ())]
    spans = [value for value in found[0] if "start" in value]
    if choices and spans:
        raise InputError(
            f"the task has choices, such as {choices[0]!r}, and spans; name those to learn as the labelling interface"
            " does: --source.tag-column NAME for spans, --label-column NAME for choices"
        )
    return {_label_key(source): choices or spans}


def _list_values(annotation: dict[str, Any], source: SourceConfig) -> list[dict[str, Any]]:
    """Return the values of an annotation in order of their positions."""
    results = [result for result in annotation.get("result") or () if isinstance(result, dict) and "value" in result]
    name = source.tag_column or (source.label_column if source.label_column != SourceConfig.label_column else "")
    if any(result.get("from_name") == name for result in results):
        results = [result for result in results if result.get("from_name") == name]
    return sorted((result["value"] for result in results), key=lambda value: json.dumps(value, sort_keys=True))
