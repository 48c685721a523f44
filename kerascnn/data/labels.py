"""Parse the label or the labels of a record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import MULTI_LABEL_TASK, SINGLE_LABEL_TASK, Record, location
from kerascnn.utils.errors import InputError, did_you_mean

DASHES = re.compile("[\u2010-\u2015\u2212\ufe58]")
"""Hyphens, dashes and the minus sign, which look like the hyphen of the keyboard."""
_WHOLE_FLOAT = re.compile(r"([-+]?\d+)\.0+")
BOOLEANS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
"""Values of a label column, in lower case, and whether the label applies."""


def parse_labels(record: Record, source: SourceConfig) -> tuple[tuple[str, ...], str]:
    """Return the labels of a record, and the name of the task whose form they have.

    Args:
        record: The record.
        source: Label column, separator and label columns. A list of labels in the file itself is used unchanged.

    Raises:
        InputError: A label column is missing, or is neither 0 nor 1.
    """
    if source.label_columns:
        return unique_labels(name for name in source.label_columns if _parse_boolean(record, name)), MULTI_LABEL_TASK
    normalize = normalize_label if source.normalize_labels else str.strip
    if record.labels is not None:
        return unique_labels(map(normalize, record.labels)), MULTI_LABEL_TASK
    value = record.fields[source.label_column]
    if source.label_separator:
        return unique_labels(map(normalize, value.split(source.label_separator))), MULTI_LABEL_TASK
    label = normalize(value)
    return ((label,) if label else ()), SINGLE_LABEL_TASK


def parse_label_list(values: Sequence[object], place: str) -> tuple[str, ...]:
    """Return the labels of a list in a file.

    Args:
        values: Elements of the list.
        place: Name of the column, for messages.

    Raises:
        InputError: An element is neither a string nor a whole number.
    """
    for value in values:
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InputError(
                f"{place} contains {value!r} ({type(value).__name__}); a label is a string or a whole number"
            )
    return unique_labels(map(str, values))


def normalize_label(label: str) -> str:
    """Return the form of a label that labels which look like it share.

    It is composed (Unicode NFKC, which also makes full-width letters and digits those of the keyboard), has no
    invisible characters, one kind of hyphen, single spaces, and no decimals if they are 0: pandas writes whole numbers
    so if one is missing. Upper and lower case differ.
    """
    label = unicodedata.normalize("NFKC", label)
    label = "".join(character for character in label if unicodedata.category(character) != "Cf")
    label = " ".join(DASHES.sub("-", label).split())
    return match[1] if (match := _WHOLE_FLOAT.fullmatch(label)) else label


def unique_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """Return labels sorted, stripped and without duplicates; empty labels are dropped."""
    return tuple(sorted({label.strip() for label in labels} - {""}))


def _parse_boolean(record: Record, name: str) -> bool:
    if name not in record.fields:
        raise InputError(
            f"{location(record)}: no column {name!r}{did_you_mean(name, record.fields)}; correct --label-columns"
        )
    value = record.fields[name].strip()
    if value.lower() not in BOOLEANS:
        raise InputError(
            f"{location(record)}: the label column {name!r} is {value[:40]!r}; write 1 if the label applies and 0 if it"
            " does not"
        )
    return BOOLEANS[value.lower()]
