"""Data sets of the benchmarks: their sources, cross-validation folds, and draws of a few of their rows."""

from __future__ import annotations

import csv
import functools
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kerascnn.utils.atomic_files import atomic_write
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.records import Row

SPLITS = {"--data": ("train",), "--validation-data": ("validation", "dev"), "--test-data": ("test",)}
FEWEST_ROWS = 10
"""Smallest number of training rows that can be drawn."""


@dataclass(frozen=True)
class LabelledRows:
    """The rows of a data set.

    Attributes:
        train: All rows with labels to learn from, other than given validation rows.
        validation: The validation rows that the data set gives; empty if it gives none, whereupon a network splits
            its own off ``train``.
        test: Test rows, the same for networks and baselines.
    """

    train: list[Row]
    validation: list[Row]
    test: list[Row]


def parse_data_set(data: str) -> tuple[str, list[str]]:
    """Return the name of a data set, and the options that train on it.

    Raises:
        InputError: It is no file, and as a folder lacks the training or the test file.
    """
    name, _, place = data.rpartition("=")
    if place.startswith(("demo:", "tfds:")):
        return name or place, ["--data", place]
    if Path(place).is_file():
        return name or Path(place).name.partition(".")[0], ["--data", place]
    options: list[str] = []
    for option, stems in SPLITS.items():
        files = [path for stem in stems for path in sorted(Path(place).glob(f"{stem}.*"))]
        if files:
            options += [option, str(files[0])]
        elif option != "--validation-data":
            raise InputError(f"{place}: no file {stems[-1]}.csv, .tsv, .jsonl, .parquet or .conll, plain or .gz")
    return name or Path(place).name, options


def load_rows(options: Sequence[str], source: SourceConfig | None = None) -> LabelledRows:
    """Read and check the rows of a data set, with the test rows that a network with default settings would have.

    Args:
        options: ``--data``, ``--validation-data`` and ``--test-data``, each followed by a source; the latter two may
            be missing, as for ``python -m pipelines.train``.
        source: How to read them; None: with the default settings.

    Raises:
        InputError: A source cannot be read, or its rows cannot be trained on.
    """
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.splits import load_splits
    from kerascnn.tasks import SINGLE_LABEL

    sources = dict(zip(options[::2], options[1::2], strict=True))
    train, validation, test = ([sources[name]] if name in sources else [] for name in SPLITS)
    splits = load_splits(train, validation, test, source or SourceConfig())
    if splits.task is not SINGLE_LABEL:
        raise InputError(f"{sources['--data']}: the benchmarks are of one label per row, and these have several")
    if splits.has_own_validation:
        return LabelledRows(list(splits.train), list(splits.validation), list(splits.test))
    return LabelledRows([*splits.train, *splits.validation], [], list(splits.test))


def iterate_folds(data: str, folds: int, seed: int, folder: Path) -> Iterator[tuple[int, list[str]]]:
    """Write the files of each fold, and yield its number, from 1, and the options that train and test on it.

    Args:
        data: A data set, see ``parse_data_set``.
        folds: Number of folds.
        seed: Seed of the shuffling.
        folder: Folder of the files, which the next fold overwrites.

    Raises:
        InputError: A class has fewer rows than there are folds, or there is one fold.
    """
    from sklearn.model_selection import StratifiedKFold

    from kerascnn.data.config import SourceConfig
    from kerascnn.data.sources import read_rows

    options = parse_data_set(data)[1]
    rows = list(read_rows(options[1::2], SourceConfig()))
    rarest, count = min(Counter(row.label for row in rows).items(), key=lambda item: item[1])
    if folds < 2 or count < folds:
        raise InputError(f"--folds {folds}: from 2 to the {count} rows of the label {rarest!r}, the rarest of {data}")
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed).split(rows, [row.label for row in rows])
    for number, (train, test) in enumerate(parts, 1):
        yield number, _write_rows(folder, [rows[i] for i in train], [rows[i] for i in test])


def draw_rows(data: str, number: int, seed: int, folder: Path, unlabelled: int = 0) -> list[str]:
    """Write a draw of the training rows and all test rows, and return the options that train and test on them.

    Validation rows that the data set gives are left out: the drawn rows are all that a model may learn from or choose
    by. Equal seeds draw the same rows.

    Args:
        data: A data set, see ``parse_data_set``.
        number: Number of rows to draw.
        seed: Seed of the draw.
        folder: Folder of the files.
        unlabelled: Number of other training rows to write without their labels; all if there are fewer.

    Raises:
        InputError: There are fewer rows than are to be drawn, or more labels.
    """
    check_number(data, number)
    train, test = _load_distinct_rows(data)
    drawn = draw_stratified(train, number, seed)
    options = _write_rows(folder, drawn, test)
    if unlabelled:
        texts = {row.text for row in drawn}
        others = [row.text for row in train if row.text not in texts]
        random.Random(seed).shuffle(others)
        _write_json_lines(folder / "unlabelled.jsonl", ({"text": text} for text in others[:unlabelled]))
        options += ["--unlabelled", str(folder / "unlabelled.jsonl")]
    return options


def check_number(data: str, number: int) -> None:
    """Check that a number of rows can be drawn.

    Raises:
        InputError: There are fewer rows than are to be drawn, or more labels.
    """
    train, _ = _load_distinct_rows(data)
    fewest = max(FEWEST_ROWS, len({row.label for row in train}))
    if not fewest <= number <= len(train):
        raise InputError(
            f"--rows {number}: from {fewest}, at least one per label, to the {len(train):,} training rows of {data}"
        )


def count_rows_and_labels(data: str) -> tuple[int, int]:
    """Return the number of training rows that can be drawn, and the number of their labels.

    Raises:
        InputError: The data set cannot be read.
    """
    train, _ = _load_distinct_rows(data)
    return len(train), len({row.label for row in train})


def store_rows(data: str, source: SourceConfig, folder: Path) -> str:
    """Write the training and test rows of files, and return the data set of them, whose name has their hash.

    So results of other rows are never taken for those of these rows, even if file names and numbers of rows agree.

    Args:
        data: A data set, see ``parse_data_set``. One that has its name from its source is returned as it is, unless
            settings of ``source`` were changed.
        source: How to read it.
        folder: Folder of the files.

    Raises:
        InputError: The data set cannot be read, or has no test rows.
    """
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.records import hash_rows
    from kerascnn.data.splits import drop_duplicates

    name, options = parse_data_set(data)
    if options[1].startswith(("demo:", "tfds:")) and source == SourceConfig():
        return data
    rows = load_rows(options, source)
    if not rows.test:
        raise InputError(f"{data}: no test rows; give --source.test-fraction a value above 0")
    train = drop_duplicates(rows.train)[0]
    _write_rows(folder, train, rows.test)
    return f"{name}#{hash_rows([*train, *rows.test])[:8]}={folder}"


@functools.lru_cache(maxsize=1)
def _load_distinct_rows(data: str) -> tuple[list[Row], list[Row]]:
    """Return the training rows without duplicates and the test rows; those of the last data set are kept."""
    from kerascnn.data.splits import drop_duplicates

    rows = load_rows(parse_data_set(data)[1])
    return drop_duplicates(rows.train)[0], rows.test


def draw_stratified(rows: Sequence[Row], number: int, seed: int) -> list[Row]:
    """Draw rows in proportion to the labels, at least one of each label, in random order."""
    by_label: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_label[row.label].append(row)
    shares = {label: number * len(same) / len(rows) for label, same in by_label.items()}
    counts = dict.fromkeys(by_label, 1)
    for _ in range(number - len(counts)):
        counts[max(counts, key=lambda label: shares[label] - counts[label])] += 1
    generator = random.Random(seed)
    drawn = [row for label, same in by_label.items() for row in generator.sample(same, counts[label])]
    generator.shuffle(drawn)
    return drawn


def _write_rows(folder: Path, train: Iterable[Row], test: Iterable[Row]) -> list[str]:
    """Write the files of the training and test rows, and return the options that name them."""
    for name, rows in {"train": train, "test": test}.items():
        _write_json_lines(folder / f"{name}.jsonl", ({"text": row.text, "label": row.label} for row in rows))
    return ["--data", str(folder / "train.jsonl"), "--test-data", str(folder / "test.jsonl")]


def _write_json_lines(path: Path, rows: Iterable[dict[str, str]]) -> None:
    with atomic_write(path) as file:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False), file=file)


def write_csv(path: Path, rows: Iterable[Row]) -> None:
    """Write rows with a single label as CSV with the columns ``text`` and ``label``, for programs of others."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows((row.text, row.label) for row in rows)
