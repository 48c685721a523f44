"""Load and split rows into training, validation and test data, and report issues of the rows."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from kerascnn.data import tfds
from kerascnn.data.config import SourceConfig
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.label_types import choose_label_type, merge_label_types
from kerascnn.data.records import Row, location
from kerascnn.data.sources import read_rows
from kerascnn.data.validation import check_labels, clean_rows, report_new_labels
from kerascnn.tasks import SINGLE_LABEL, Task, infer_task_of_rows
from kerascnn.utils.errors import InputError, quote_names


@dataclass(frozen=True)
class Splits:
    """Rows that are ready for training.

    Attributes:
        train: Training rows of at least two classes.
        validation: Validation rows; empty only if ``source.validation_fraction`` is 0.
        test: Test rows; empty only if ``source.test_fraction`` is 0.
        issues: Changes to the data, and unusual properties of it.
        task: The task of all rows.
        has_own_validation: Whether the validation rows were given, or there are none: they were not split off.
    """

    train: list[Row]
    validation: list[Row]
    test: list[Row]
    issues: list[Issue] = field(default_factory=list)
    task: Task = SINGLE_LABEL
    has_own_validation: bool = True

    @property
    def label_type(self) -> str:
        """Type of the labels of the training rows in their files, see ``label_types``."""
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
    validation = _read_held_out(data, validation_data, "validation", source, issues)
    test = _read_held_out(data, test_data, "test", source, issues)
    splits = split_rows(read_rows(data, source), validation, test, source)
    return dataclasses.replace(splits, issues=issues + splits.issues)


def _read_held_out(
    data: Sequence[str], sources: Sequence[str], name: str, source: SourceConfig, issues: list[Issue]
) -> Iterable[Row] | None:
    """Read the given validation or test data; if none is given, the splits of the training data sets themselves."""
    if sources:
        return read_rows(sources, source)
    own = [spec for spec in (tfds.find_split(one, name, source) for one in data) if spec]
    if not own:
        return None
    rows = list(read_rows(own, source))
    if not any(row.labels for row in rows):
        issues.append(_split_note(f"{', '.join(own)} has no labels and is not used"))
        return None
    issues.append(_split_note(f"{name} data: {', '.join(own)}, {len(rows):,} {'row' if len(rows) == 1 else 'rows'}"))
    return rows


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
    train = clean_rows(train, "training", issues, task=task)
    held_out = {
        name: None if rows is None else clean_rows(rows, name, issues, task=task)
        for name, rows in (("validation", validation), ("test", test))
    }
    _report_conflicting_labels([*train, *(held_out["validation"] or ()), *(held_out["test"] or ())], issues)
    fractions = {"test": source.test_fraction, "validation": source.validation_fraction}
    missing = {name: fraction for name, fraction in fractions.items() if held_out[name] is None and fraction != 0}
    if missing:
        train = _drop_repeated_texts(train, issues)
    check_labels(train, held_out, task=task)
    if task.allows_new_labels:
        known = {label for row in train for label in row.labels}
        for name, rows in held_out.items():
            report_new_labels(rows or (), name, known, issues)
    issues += task.check_training_rows(train, source)
    if missing:
        train, split_off = _split_off(train, missing, source.split_seed, issues, task)
        held_out |= split_off
    else:
        _report_tiny_classes(train, issues)
    _report_overlap(train, held_out, issues)
    for name in fractions:
        if held_out[name] is None:
            issues.append(_split_note(f"no {name} data: none is given, and --source.{name}_fraction is 0"))
    validation_rows, test_rows = held_out["validation"] or [], held_out["test"] or []
    return Splits(train, validation_rows, test_rows, issues, task, has_own_validation="validation" not in missing)


def drop_duplicates(rows: Iterable[Row]) -> tuple[list[Row], RowCounter]:
    """Return the first row of each text, and a counter of the other rows."""
    seen: set[str] = set()
    unique = []
    duplicates = RowCounter()
    for row in rows:
        if row.text in seen:
            duplicates.add(row)
        else:
            seen.add(row.text)
            unique.append(row)
    return unique, duplicates


def _drop_repeated_texts(rows: list[Row], issues: list[Issue]) -> list[Row]:
    unique, duplicates = drop_duplicates(rows)
    duplicates.report(
        issues, "duplicate", "note",
        "{count} [row repeats an earlier text and was|rows repeat an earlier text and were] dropped before the split",
    )  # fmt: skip
    return unique


def _split_off(
    rows: list[Row], fractions: dict[str, float], seed: int, issues: list[Issue], task: Task
) -> tuple[list[Row], dict[str, list[Row]]]:
    """Split rows, all with different texts, into training rows and a part per name; the order stays."""
    if sum(fractions.values()) >= 1:
        settings = " and ".join(f"--source.{name}_fraction {fraction:g}" for name, fraction in fractions.items())
        raise InputError(f"{settings} leave no training rows; give fractions whose sum is less than 1")
    parts = 1 + len(fractions)
    rare = _find_unsplittable_labels(rows, parts, issues)
    candidates = [row for row in rows if rare.isdisjoint(row.labels)]
    if not candidates:
        raise InputError(
            f"{len(rows)} training rows (first: {location(rows[0])}) are too few to split off"
            f" {' and '.join(fractions)} data: no class has {parts} different texts; give more rows,"
            " or --validation-data and --test-data"
        )
    drawn = task.draw_split(candidates, fractions, seed)
    split_off = {name: [candidates[i] for i in sorted(positions)] for name, positions in drawn.items()}
    how = f"stratified by {task.stratification}" if task.stratification else "drawn at random"
    for name, part in split_off.items():
        message = f"{name} data: {len(part):,} of {len(rows):,} training rows, {how}, seed {seed}"
        issues.append(_split_note(message))
    removed = {row.text for part in split_off.values() for row in part}
    return [row for row in rows if row.text not in removed], split_off


def _find_unsplittable_labels(rows: list[Row], parts: int, issues: list[Issue]) -> set[str]:
    """Return the labels with fewer rows than parts."""
    counts = Counter(label for row in rows for label in row.labels)
    rare = {label for label, count in counts.items() if count < parts}
    if rare:
        first = next(row for row in rows if not rare.isdisjoint(row.labels))
        have = "has too few rows to split and stays" if len(rare) == 1 else "have too few rows to split and stay"
        issues.append(Issue(
            "tiny_class", "warning",
            f"{len(rare)} of {len(counts)} classes {have} in the training data: {quote_names(sorted(rare))}"
            f" (first: {location(first)})",
            sum(counts[label] for label in rare), suggestion="add rows, or merge classes",
        ))  # fmt: skip
    return rare


def _report_conflicting_labels(rows: list[Row], issues: list[Issue]) -> None:
    first_labels: dict[str, tuple[str, ...]] = {}
    counter = RowCounter()
    for row in rows:
        if first_labels.setdefault(row.text, row.labels) != row.labels:
            counter.add(row)
    counter.report(
        issues, "conflicting_labels", "serious",
        "{count} [row repeats|rows repeat] an earlier text with a different label",
        "give each text one label; if rows are split off, only the first row of each text is used",
    )  # fmt: skip


def _report_overlap(train: list[Row], held_out: Mapping[str, list[Row] | None], issues: list[Issue]) -> None:
    texts = {row.text for row in train}
    for name, rows in held_out.items():
        counter = RowCounter()
        for row in rows or ():
            if row.text in texts:
                counter.add(row)
        counter.report(
            issues, "train_overlap", "serious",
            "{count} {name} [row repeats|rows repeat] a text of the training data, which inflates the metrics",
            f"remove these rows from one of the two; without --{name}-data, rows are split off that share no text",
            name=name,
        )  # fmt: skip


def _report_tiny_classes(train: list[Row], issues: list[Issue]) -> None:
    counts = Counter(label for row in train for label in row.labels)
    counter = RowCounter()
    for row in train:
        if any(counts[label] == 1 for label in row.labels):
            counter.add(row)
    counter.report(
        issues, "tiny_class", "warning",
        "{count} training [row has|rows have] a label that no other training row has", "add rows, or merge classes",
    )  # fmt: skip
