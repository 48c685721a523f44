"""Load and split rows into training, validation and test data, and report issues of the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kerascnn.data import tfds
from kerascnn.data.config import SourceConfig
from kerascnn.data.indexed_rows import IndexedRows, find_first, index_rows
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.label_types import choose_label_type, merge_label_types
from kerascnn.data.records import Row, location
from kerascnn.data.sources import read_rows
from kerascnn.data.stored_rows import StoredRows
from kerascnn.data.validation import check_labels, clean_rows, report_new_labels
from kerascnn.tasks import SINGLE_LABEL, Task, infer_task_of_rows
from kerascnn.utils.errors import InputError, quote_names


@dataclass(frozen=True)
class Splits:
    """Rows that are ready for training.

    Attributes:
        train: Training rows of at least two classes: a list, or ``StoredRows`` like the other two.
        validation: Validation rows; empty only if ``source.validation_fraction`` is 0.
        test: Test rows; empty only if ``source.test_fraction`` is 0.
        issues: Changes to the data, and unusual properties of it.
        task: The task of all rows.
        has_own_validation: Whether the validation rows were given, or there are none: they were not split off.
    """

    train: Sequence[Row]
    validation: Sequence[Row]
    test: Sequence[Row]
    issues: list[Issue] = field(default_factory=list)
    task: Task = SINGLE_LABEL
    has_own_validation: bool = True

    @property
    def label_type(self) -> str:
        """Type of the labels of the training rows in their files, see ``label_types``."""
        if isinstance(self.train, StoredRows):
            return choose_label_type(self.train.find_labels(), self.train.find_label_type())
        labels = sorted({label for row in self.train for label in row.labels})
        return choose_label_type(labels, merge_label_types(row.label_type for row in self.train if row.labels))

    @property
    def messages(self) -> list[str]:
        """Messages of the issues, one line each."""
        return [issue.message for issue in self.issues]


def load_splits(
    data: Sequence[str], validation_data: Sequence[str], test_data: Sequence[str], source: SourceConfig
) -> Splits:
    """Read all sources of a run. A ``tfds:`` data set provides its own validation and test splits if it has them.

    Args:
        data: Sources of the training rows, as for ``read_rows``.
        validation_data: Sources of the validation rows; if empty, the data set's own split or a part of the training
            rows.
        test_data: The same for test rows.
        source: How to read and split.

    Returns:
        Checked rows, as from ``split_rows``.

    Raises:
        InputError: A source cannot be read, or its rows cannot be trained on; the message names file and row.
    """
    issues: list[Issue] = []
    given = {"validation": validation_data, "test": test_data}
    held_out = {name: find_held_out(data, specs, name, source, issues) for name, specs in given.items()}
    validation, test = (read_rows(specs, source) if specs else None for specs in held_out.values())
    splits = split_rows(read_rows(data, source), validation, test, source)
    return dataclasses.replace(splits, issues=issues + splits.issues)


def find_held_out(
    data: Sequence[str], given: Sequence[str], name: str, source: SourceConfig, issues: list[Issue]
) -> Sequence[str]:
    """Return the sources of validation or test rows: those given, or the splits of the training data sets themselves.

    Args:
        data: Sources of the training rows.
        given: The sources that are given.
        name: ``validation`` or ``test``.
        source: How to read.
        issues: Issues are appended here.
    """
    if given:
        return given
    own = [spec for spec in (tfds.find_split(one, name, source) for one in data) if spec]
    if not own:
        return []
    count, has_labels = 0, False
    for row in read_rows(own, source):
        count, has_labels = count + 1, has_labels or bool(row.labels)
    if not has_labels:
        issues.append(_split_note(f"{', '.join(own)} has no labels and is not used"))
        return []
    issues.append(_split_note(f"{name} data: {', '.join(own)}, {count:,} {'row' if count == 1 else 'rows'}"))
    return own


def _split_note(message: str) -> Issue:
    return Issue("split", "note", message)


def split_rows(
    train: Iterable[Row], validation: Iterable[Row] | None, test: Iterable[Row] | None, source: SourceConfig
) -> Splits:
    """Check rows, and split off the validation and test rows that are not given.

    Rows without a text or label are dropped; in multi-label data, rows without labels are kept. Before a split, rows
    that repeat an earlier text are dropped, so that no text is in two splits. A split is stratified by class or labels
    and keeps the order of the rows.

    Args:
        train: Training rows.
        validation: Validation rows; None: ``source.validation_fraction`` of the training rows.
        test: Test rows; None: ``source.test_fraction`` of the training rows.
        source: Fractions (0 to 0.5, less than 1 together), seed, and label options for messages.

    Returns:
        The rows and the issues.

    Raises:
        InputError: There is one class only, a label that no training row has, or too few rows to split.
    """
    issues: list[Issue] = []
    train = list(train)
    task = infer_task_of_rows(train)
    cleaned = {"train": clean_rows(train, "training", issues, task=task)}
    for name, rows in (("validation", validation), ("test", test)):
        if rows is not None:
            cleaned[name] = clean_rows(rows, name, issues, task=task)
    splits = split_indexed_rows(index_rows(cleaned), source, task)
    return dataclasses.replace(splits, issues=issues + splits.issues)


def split_indexed_rows(splits: Mapping[str, IndexedRows], source: SourceConfig, task: Task) -> Splits:
    """Split checked rows, see ``split_rows``.

    Args:
        splits: The rows that are given, of ``train`` and perhaps ``validation`` and ``test``.
        source: Fractions and seed.
        task: The task of all rows.
    """
    issues: list[Issue] = []
    train, held_out = splits["train"], {name: splits.get(name) for name in ("validation", "test")}
    _report_conflicting_labels([train, *filter(None, held_out.values())], issues)
    fractions = {"test": source.test_fraction, "validation": source.validation_fraction}
    missing = {name: fraction for name, fraction in fractions.items() if held_out[name] is None and fraction != 0}
    if missing:
        train = _drop_repeated_texts(train, issues)
    check_labels(train, held_out, task=task)
    if task.allows_new_labels:
        known = set(train.count_labels())
        for name, indexed in held_out.items():
            report_new_labels(indexed.rows if indexed else (), name, known, issues)
    issues += task.check_training_rows(_without_texts(train.rows), source)
    if missing:
        train, split_off = _split_off(train, missing, source.split_seed, issues, task)
        held_out |= split_off
    else:
        _report_tiny_classes(train, issues)
    _report_overlap(train, held_out, issues)
    for name in fractions:
        if held_out[name] is None:
            issues.append(_split_note(f"no {name} data: none is given, and --source.{name}_fraction is 0"))
    validation, test = (rows.rows if (rows := held_out[name]) else [] for name in ("validation", "test"))
    return Splits(train.rows, validation, test, issues, task, has_own_validation="validation" not in missing)


def _without_texts(rows: Sequence[Row]) -> Sequence[Row]:
    """Return rows for functions that read labels and places only."""
    return rows.without_texts() if isinstance(rows, StoredRows) else rows


def drop_duplicates(rows: Iterable[Row]) -> tuple[list[Row], RowCounter]:
    """Return the first row of each text, and a counter of the other rows."""
    [indexed] = index_rows({"": list(rows)}).values()
    unique, duplicates = _drop_duplicates(indexed)
    return unique.rows, duplicates


def _drop_duplicates(rows: IndexedRows) -> tuple[IndexedRows, RowCounter]:
    is_first = find_first(rows.texts) == np.arange(len(rows))
    duplicates = RowCounter()
    rows.count_rows(duplicates, ~is_first)
    return (rows if is_first.all() else rows.select(is_first)), duplicates


def _drop_repeated_texts(rows: IndexedRows, issues: list[Issue]) -> IndexedRows:
    unique, duplicates = _drop_duplicates(rows)
    duplicates.report(
        issues, "duplicate", "note",
        "{count} [row repeats an earlier text and was|rows repeat an earlier text and were] dropped before the split",
    )  # fmt: skip
    return unique


def _split_off(
    rows: IndexedRows, fractions: dict[str, float], seed: int, issues: list[Issue], task: Task
) -> tuple[IndexedRows, dict[str, IndexedRows]]:
    """Split rows, all with different texts, into training rows and a part per name; the order stays."""
    if sum(fractions.values()) >= 1:
        settings = " and ".join(f"--source.{name}_fraction {fraction:g}" for name, fraction in fractions.items())
        raise InputError(f"{settings} leave no training rows; give fractions whose sum is less than 1")
    parts = 1 + len(fractions)
    is_rare = rows.have_any(_find_unsplittable_labels(rows, parts, issues))
    if is_rare.all():
        raise InputError(
            f"{len(rows)} training rows (first: {location(rows[0])}) are too few to split off"
            f" {' and '.join(fractions)} data: no class has {parts} different texts; give more rows,"
            " or --validation-data and --test-data"
        )
    candidates = np.flatnonzero(~is_rare)
    drawn = task.draw_split(_without_texts(rows.select(~is_rare).rows), fractions, seed)
    how = f"stratified by {task.stratification}" if task.stratification else "drawn at random"
    split_off, is_left = {}, np.ones(len(rows), bool)
    for name, positions in drawn.items():
        is_drawn = np.zeros(len(rows), bool)
        is_drawn[candidates[np.asarray(positions, np.int64)]] = True
        split_off[name] = rows.select(is_drawn)
        is_left &= ~is_drawn
        message = f"{name} data: {len(positions):,} of {len(rows):,} training rows, {how}, seed {seed}"
        issues.append(_split_note(message))
    return rows.select(is_left), split_off


def _find_unsplittable_labels(rows: IndexedRows, parts: int, issues: list[Issue]) -> set[str]:
    """Return the labels with fewer rows than parts."""
    counts = rows.count_labels()
    rare = {label for label, count in counts.items() if count < parts}
    if rare:
        first = rows[int(rows.have_any(rare).argmax())]
        have = "has too few rows to split and stays" if len(rare) == 1 else "have too few rows to split and stay"
        issues.append(Issue(
            "tiny_class", "warning",
            f"{len(rare)} of {len(counts)} classes {have} in the training data: {quote_names(sorted(rare))}"
            f" (first: {location(first)})",
            sum(counts[label] for label in rare), suggestion="add rows, or merge classes",
        ))  # fmt: skip
    return rare


def _report_conflicting_labels(splits: Sequence[IndexedRows], issues: list[Issue]) -> None:
    labels = np.concatenate([rows.labels for rows in splits])
    has_conflict = labels != labels[find_first(np.concatenate([rows.texts for rows in splits]))]
    counter = RowCounter()
    for rows, mask in zip(splits, np.split(has_conflict, np.cumsum([len(rows) for rows in splits])[:-1]), strict=True):
        rows.count_rows(counter, mask)
    counter.report(
        issues, "conflicting_labels", "serious",
        "{count} [row repeats|rows repeat] an earlier text with a different label",
        "give each text one label; if rows are split off, only the first row of each text is used",
    )  # fmt: skip


def _report_overlap(train: IndexedRows, held_out: Mapping[str, IndexedRows | None], issues: list[Issue]) -> None:
    for name, rows in held_out.items():
        counter = RowCounter()
        if rows is not None:
            rows.count_rows(counter, np.isin(rows.texts, train.texts))
        counter.report(
            issues, "train_overlap", "serious",
            "{count} {name} [row repeats|rows repeat] a text of the training data, which inflates the metrics",
            f"remove these rows from one of the two; without --{name}-data, rows are split off that share no text",
            name=name,
        )  # fmt: skip


def _report_tiny_classes(train: IndexedRows, issues: list[Issue]) -> None:
    counter = RowCounter()
    train.count_rows(counter, train.have_any({label for label, count in train.count_labels().items() if count == 1}))
    counter.report(
        issues, "tiny_class", "warning",
        "{count} training [row has|rows have] a label that no other training row has", "add rows, or merge classes",
    )  # fmt: skip
