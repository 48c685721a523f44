"""The label of a record, or its labels, in the ways in which files hold several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kerascnn.config import SourceConfig
from kerascnn.data.records import Label, Record, location
from kerascnn.utils.errors import InputError, did_you_mean

APPLIES = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
"""What a column of its own may say about a label, in any case."""


def parse_label(record: Record, source: SourceConfig) -> Label:
    """What ``Row.label`` holds: one label, or all labels of a row of multi-label data.

    Args:
        record: The record, with its columns of labels.
        source: How it is to be read; a list that the file itself holds is read as it stands.

    Raises:
        InputError: A column of labels is missing, or holds neither 0 nor 1.
    """
    if source.label_columns:
        return unique_labels(name for name in source.label_columns if _applies(record, name))
    if record.labels is not None:
        return record.labels
    label = record.fields[source.label_column]
    return unique_labels(label.split(source.label_separator)) if source.label_separator else label.strip()


def parse_label_list(values: Sequence[object], place: str) -> tuple[str, ...]:
    """The labels of a list in a file.

    Args:
        values: Its members.
        place: File, row and column, for messages.

    Raises:
        InputError: One is neither a string nor a whole number.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InputError(f"{place} lists {value!r} ({type(value).__name__}); a label is a string or whole number")
    return unique_labels(map(str, values))


def unique_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Labels sorted, each once, without the space around them; what is empty is none."""
    return tuple(sorted({label.strip() for label in labels} - {""}))


def _applies(record: Record, name: str) -> bool:
    if name not in record.fields:
        raise InputError(
            f"{location(record)}: no column {name!r}{did_you_mean(name, record.fields)}; see --label-columns"
        )
    value = record.fields[name].strip()
    if value.lower() not in APPLIES:
        raise InputError(
            f"{location(record)}: the label column {name!r} holds {value[:40]!r}; write 1 where the label applies and 0"
            " where it does not"
        )
    return APPLIES[value.lower()]
