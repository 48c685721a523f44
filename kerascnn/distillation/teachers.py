"""Teachers: anything that gives texts the probabilities of classes.

A teacher is a bundle, a file of class probabilities, or a Python function. All that is taken from it are probabilities,
so that it may be of any size and of any library.
"""

from __future__ import annotations

import glob
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from kerascnn.config import SourceConfig
from kerascnn.data.records import Record, Row, location
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.data.sources import read_records
from kerascnn.utils.errors import InputError, did_you_mean, list_choices

FUNCTION = re.compile(r"([^\W\d][\w.]*):([^\W\d]\w*)")
TEACHER_KINDS = "the folder of a bundle, a file of class probabilities (.csv, .jsonl, .parquet), or module:function"


def teacher_probabilities(spec: str, rows: Sequence[Row], labels: Sequence[str], source: SourceConfig) -> np.ndarray:
    """The probabilities that a teacher gives to texts.

    Args:
        spec: A folder is a bundle, ``module:function`` a function unless a file is called so, all else a file.
        rows: The texts.
        labels: Names of the classes, in the order that is wanted.
        source: How to read a file.

    Returns:
        float32 (rows, labels), each row with the sum 1.

    Raises:
        InputError: As for ``load_soft_labels``.
    """
    texts = [row.text for row in rows]
    if os.path.isdir(spec):
        answer = _predict_with_bundle(spec, texts, labels)
    elif FUNCTION.fullmatch(spec) and not os.path.exists(spec):
        answer = _import_function(spec)(texts, list(labels))
    else:
        return _read_from_file(spec, rows, labels, source)
    return check_probabilities(
        answer, labels, len(rows), name=spec, place=lambda row: f"{spec}, for {location(rows[row])}"
    )


def _predict_with_bundle(folder: str, texts: list[str], labels: Sequence[str]) -> np.ndarray:
    from kerascnn.classifier import load

    teacher = load(folder)
    if teacher.bundle_.task.name != "single_label":
        raise InputError(f"{folder}: a multi-label teacher, whose probabilities exclude nothing; give one of one label")
    known = teacher.bundle_.labels
    if unknown := [label for label in labels if label not in known]:
        raise InputError(
            f"{folder}: the teacher does not know the label {unknown[0]!r}{list_choices(unknown[0], known)}; correct"
            " the training data, or train a teacher on the same labels"
        )
    if unused := [label for label in known if label not in labels]:
        raise InputError(
            f"{folder}: the teacher knows the label {unused[0]!r}, which no training row has; add rows with it, or"
            " train a teacher on the same labels"
        )
    return teacher.predict_proba(texts)[:, [known.index(label) for label in labels]]


def _import_function(spec: str) -> Callable[[list[str], list[str]], Any]:
    """A function by its name; its module may lie in the working directory."""
    module_name, name = spec.split(":")
    try:
        with _working_directory():
            module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(
            f"--teacher {spec}: cannot import {module_name!r} ({error}); start the command in the folder of"
            f" {module_name.partition('.')[0]}.py, or pip install it"
        ) from None
    if not callable(function := getattr(module, name, None)):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"--teacher {spec}: {module_name} has no function {name!r}{did_you_mean(name, functions)}; write"
            f" def {name}(texts, labels), which returns an array (texts, labels)"
        )
    return function


@contextmanager
def _working_directory() -> Iterator[None]:
    sys.path.insert(0, os.getcwd())
    try:
        yield
    finally:
        sys.path.remove(os.getcwd())


def _read_from_file(spec: str, rows: Sequence[Row], labels: Sequence[str], source: SourceConfig) -> np.ndarray:
    """The rows of a file of probabilities that belong to texts."""
    if not expand_files(spec):
        near = did_you_mean(os.path.basename(spec), os.listdir(os.path.dirname(spec) or ".")) if _folder(spec) else ""
        raise InputError(f"--teacher {spec}: there is no such file or folder{near}; give {TEACHER_KINDS}")
    wanted = {row.text for row in rows}
    found: dict[str, tuple[Record, np.ndarray]] = {}
    for record in read_records(spec, source):
        text = record.fields[source.text_column].replace("\0", " ")
        if text not in wanted:
            continue
        answer = _record_probabilities(record, labels, source)
        first, same = found.setdefault(text, (record, answer))
        if not np.array_equal(answer, same, equal_nan=True):
            raise InputError(
                f"{location(record)}: the text of row {first.number} again, with other probabilities; keep one of them"
            )
    missing = [row for row in rows if row.text not in found]
    if missing:
        raise InputError(
            f"{spec}: no row has the text of {location(missing[0])}, {missing[0].text[:40]!r} ({len(missing):,} rows in"
            " all); give every training and unlabelled text a row, its text unchanged in the column"
            f" {source.text_column!r}"
        )
    known = {*labels, source.text_column, source.label_column}
    return check_probabilities(
        [found[row.text][1] for row in rows], labels, len(rows), name=spec,
        place=lambda row: location(found[rows[row].text][0]),
        unknown=[name for name in found[rows[0].text][0].fields if name not in known],
    )  # fmt: skip


def _record_probabilities(record: Record, labels: Sequence[str], source: SourceConfig) -> np.ndarray:
    columns = [name for name in record.fields if name != source.text_column]
    values = []
    for label in labels:
        if label not in record.fields:
            raise InputError(
                f"{location(record)}: no column for the label {label!r}{list_choices(label, columns)}; give every label of"
                " the training data a column of its name"
            )
        try:
            values.append(float(record.fields[label]))
        except ValueError:
            raise InputError(
                f"{location(record)}: {label!r} has the probability {record.fields[label][:40]!r}; give a number from 0"
                " to 1"
            ) from None
    return np.array(values)


def _folder(spec: str) -> bool:
    return os.path.isdir(os.path.dirname(spec) or ".")


def expand_files(spec: str) -> list[str]:
    """The files that a name stands for, as ``read_records`` has it."""
    return [spec] if os.path.exists(spec) else sorted(glob.glob(spec))
