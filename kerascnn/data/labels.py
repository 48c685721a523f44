"""Parse the label or the labels of a record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import MULTI_LABEL_TASK, SINGLE_LABEL_TASK, TAGGING_TASK, Record, location
from kerascnn.utils.errors import InputError, did_you_mean

_LOOK_ALIKES = {
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58",
    "'": "\u2018\u2019\u201a\u201b\u02bc\u00b4`",
    '"': "\u201c\u201d\u201e\u201f\u2033",
    "/": "\u2044\u2215",
}
"""Characters of the keyboard, and others that look like them: hyphens, dashes and the minus sign, quotes, slashes."""
_TO_KEYBOARD = str.maketrans({other: key for key, others in _LOOK_ALIKES.items() for other in others})
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters without a picture that are not format characters: fillers, variation selectors, tags."""
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
    if record.tokens is not None:
        return record.labels or (), TAGGING_TASK
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
    invisible characters, one kind of hyphen and of quote, single spaces, and no decimals if they are 0: pandas writes
    whole numbers so if one is missing. Upper and lower case differ.
    """
    label = unicodedata.normalize("NFKC", _INVISIBLE.sub("", label).translate(_TO_KEYBOARD))
    label = "".join(letter for letter in label if unicodedata.category(letter) != "Cf")
    label = unicodedata.normalize("NFKC", " ".join(label.translate(_TO_KEYBOARD).split()))
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
