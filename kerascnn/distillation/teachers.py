"""Teachers: anything that assigns class probabilities to texts.

A teacher is a bundle, a file of class probabilities, or a Python function. Only its probabilities are used. It may
therefore have any size and come from any library.
"""

from __future__ import annotations

import glob
import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from kerascnn import models
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record, Row, location
from kerascnn.data.soft_labels import check_probabilities
from kerascnn.data.sources import read_records
from kerascnn.manifest import read_classifier_manifest
from kerascnn.tasks import SINGLE_LABEL, Task
from kerascnn.utils.errors import InputError, did_you_mean, list_choices

TEACHER_KINDS = "the folder of a bundle, a file of class probabilities (.csv, .jsonl, .parquet), or module:function"
_FUNCTION = re.compile(r"([^\W\d][\w.]*):([^\W\d]\w*)")
_SHOWN_CHARACTERS = 40


def check_teacher(spec: str, source: SourceConfig) -> None:
    """Check before TensorFlow starts that there is a bundle or a file of probabilities; a function is not imported.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    if os.path.isdir(spec):
        read_classifier_manifest(Path(spec))
    elif not is_function(spec):
        _check_file(spec)
        next(read_records(spec, source), None)


def teacher_probabilities(
    spec: str, rows: Sequence[Row], labels: Sequence[str], source: SourceConfig, task: Task = SINGLE_LABEL
) -> np.ndarray:
    """Return the class probabilities of a teacher.

    Args:
        spec: Folder of a bundle; ``module:function``, unless a file has this name; or a file of probabilities.
        rows: Texts.
        labels: Class names, in the order of the columns of the result.
        source: How to read a file.
        task: Task of the labels.

    Returns:
        float32 (rows, labels); each row sums to 1, unless the task is multi-label.

    Raises:
        InputError: See ``kerascnn.distillation.data.load_soft_labels``.
    """
    texts = [row.text for row in rows]
    if os.path.isdir(spec):
        probabilities = _predict_with_bundle(spec, texts, labels, task)
    elif is_function(spec):
        probabilities = import_function(spec)(texts, list(labels))
    else:
        return _read_from_file(spec, rows, labels, source, task)
    return check_probabilities(
        probabilities,
        labels,
        len(rows),
        name=spec,
        sums_to_one=task.has_exclusive_labels,
        describe_row=lambda row: f"{spec}, for {location(rows[row])}",
    )


def _predict_with_bundle(folder: str, texts: list[str], labels: Sequence[str], task: Task) -> np.ndarray:
    from kerascnn.loading import load

    # imports TensorFlow, which the other kinds of teachers do not need
    teacher = load(folder, runtime="tensorflow")
    if (found := teacher.bundle_.task) is not task:
        raise InputError(
            f"{folder}: a {found.name.replace('_', '-')} teacher, and the data is {task.name.replace('_', '-')}; train"
            " a teacher on the same labels"
        )
    known = teacher.bundle_.labels
    if unknown := [label for label in labels if label not in known]:
        raise InputError(
            f"{folder}: the teacher does not know the label {unknown[0]!r}{list_choices(unknown[0], known)}; correct"
            " the training data, or train a teacher on the same labels"
        )
    if unused := [label for label in known if label not in labels]:
        raise InputError(
            f"{folder}: the teacher knows the label {unused[0]!r}, which no training row has; add rows with this label,"
            " or train a teacher on the same labels"
        )
    return teacher.predict_proba(texts)[:, [known.index(label) for label in labels]]


def is_function(spec: str) -> bool:
    """Return whether a teacher is ``module:function``, and not a file of that name."""
    return bool(_FUNCTION.fullmatch(spec)) and not os.path.exists(spec)


def import_function(spec: str) -> Callable[[list[str], list[str]], Any]:
    """Import ``module:function``; the module may be in the working directory."""
    module_name, name = spec.split(":")
    try:
        with _working_directory_on_path():
            module = importlib.import_module(module_name)
    except ImportError as error:
        raise InputError(
            f"--teacher {spec}: cannot import {module_name!r} ({error}); run the command in the folder of"
            f" {module_name.partition('.')[0]}.py, or pip install it"
        ) from None
    function: Callable[[list[str], list[str]], Any] | None = getattr(module, name, None)
    if not callable(function):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"--teacher {spec}: {module_name} has no function {name!r}{did_you_mean(name, functions)}; write"
            f" def {name}(texts, labels) that returns an array (texts, labels)"
        )
    return function


@contextmanager
def _working_directory_on_path() -> Iterator[None]:
    sys.path.insert(0, os.getcwd())
    try:
        yield
    finally:
        sys.path.remove(os.getcwd())


def _check_file(spec: str) -> None:
    if not expand_files(spec):
        if spec in models.list_options():
            raise InputError(f"--teacher {spec}: only python -m pipelines.distill trains a model as a teacher")
        raise InputError(f"--teacher {spec}: no such file or folder{_similar_file(spec)}; give {TEACHER_KINDS}")


def _read_from_file(
    spec: str, rows: Sequence[Row], labels: Sequence[str], source: SourceConfig, task: Task
) -> np.ndarray:
    """Look up the probabilities of texts in a file; its rows may have any order."""
    _check_file(spec)
    texts = {row.text for row in rows}
    found: dict[str, tuple[Record, np.ndarray]] = {}
    for record in read_records(spec, source):
        text = record.fields[source.text_column].replace("\0", " ")
        if text not in texts:
            continue
        probabilities = _parse_probabilities(record, labels, source)
        first, known = found.setdefault(text, (record, probabilities))
        if not np.array_equal(probabilities, known, equal_nan=True):
            raise InputError(
                f"{location(record)}: has the text of row {first.number} with other probabilities; keep one of the rows"
            )
    missing = [row for row in rows if row.text not in found]
    if missing:
        raise InputError(
            f"{spec}: no row has the text of {location(missing[0])}, {missing[0].text[:_SHOWN_CHARACTERS]!r}"
            f" ({len(missing):,} texts are missing in total); add a row for every training and unlabelled text, with"
            f" the text unchanged in the column {source.text_column!r}"
        )
    not_classes = {*labels, source.text_column, source.label_column}
    return check_probabilities(
        [found[row.text][1] for row in rows], labels, len(rows), name=spec, sums_to_one=task.has_exclusive_labels,
        describe_row=lambda row: location(found[rows[row].text][0]),
        other_columns=[name for name in found[rows[0].text][0].fields if name not in not_classes],
    )  # fmt: skip


def _parse_probabilities(record: Record, labels: Sequence[str], source: SourceConfig) -> np.ndarray:
    """Return the values of the columns that are named after the labels, float64 (labels,)."""
    columns = [name for name in record.fields if name != source.text_column]
    values = []
    for label in labels:
        if label not in record.fields:
            raise InputError(
                f"{location(record)}: no column for the label {label!r}{list_choices(label, columns)}; add a column"
                " named after each label of the training data"
            )
        try:
            values.append(float(record.fields[label]))
        except ValueError:
            raise InputError(
                f"{location(record)}: {label!r} has the probability {record.fields[label][:_SHOWN_CHARACTERS]!r}; give"
                " a number from 0 to 1"
            ) from None
    return np.array(values)


def _similar_file(spec: str) -> str:
    """Return the end of an error message with similar names in the same folder, if there are any."""
    folder = os.path.dirname(spec) or "."
    return did_you_mean(os.path.basename(spec), os.listdir(folder)) if os.path.isdir(folder) else ""


def expand_files(spec: str) -> list[str]:
    """Return the files that a path or a glob pattern names, as ``read_records`` reads them."""
    return [spec] if os.path.exists(spec) else sorted(glob.glob(spec))
