"""Training, validation and test rows: given or split off, checked, with everything unusual counted and said."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from kerascnn.config import SourceConfig
from kerascnn.data import tfds
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.records import Label, Row, location
from kerascnn.data.sources import read_rows
from kerascnn.data.stratification import stratified_split
from kerascnn.data.validation import check_labels, check_multi_label, clean_rows
from kerascnn.utils.errors import InputError


@dataclass(frozen=True)
class Splits:
    """Rows that are fit to train on.

    Attributes:
        train: Training rows, of two classes or more; all with one label, or all with any number (multi-label).
        validation: Validation rows; empty only where ``source.validation_fraction`` is 0.
        test: Test rows; empty only where ``source.test_fraction`` is 0.
        issues: What was done to the data and what is unusual about it.
    """

    train: list[Row]
    validation: list[Row]
    test: list[Row]
    issues: list[Issue] = field(default_factory=list)

    @property
    def messages(self) -> list[str]:
        """The issues, a line each, for the caller to print."""
        return [issue.message for issue in self.issues]


def load_splits(
    data: Sequence[str], validation_data: Sequence[str], test_data: Sequence[str], source: SourceConfig
) -> Splits:
    """Read the sources of a run. A ``tfds:`` data set brings its own validation and test split where it has one.

    Args:
        data: Sources of the training rows, as for ``read_rows``.
        validation_data: Sources of the validation rows; none: the data set's own, or split off.
        test_data: The same for test rows.
        source: How to read and split.

    Returns:
        Checked rows, as from ``split_rows``.

    Raises:
        InputError: A source cannot be read, or its rows cannot be trained on; the message names file and row.
    """
    issues: list[Issue] = []
    validation = _given_or_own(data, validation_data, "validation", source, issues)
    test = _given_or_own(data, test_data, "test", source, issues)
    splits = split_rows(read_rows(data, source), validation, test, source)
    return dataclasses.replace(splits, issues=issues + splits.issues)


def _given_or_own(
    data: Sequence[str], specs: Sequence[str], name: str, source: SourceConfig, issues: list[Issue]
) -> Iterable[Row] | None:
    if specs:
        return read_rows(specs, source)
    own = [spec for spec in (tfds.own_split(one, name, source) for one in data) if spec]
    if not own:
        return None
    rows = list(read_rows(own, source))
    if not any(row.label for row in rows):
        issues.append(_note(f"{', '.join(own)} has no labels: not used"))
        return None
    issues.append(_note(f"{name} data: {', '.join(own)}, {len(rows):,} rows"))
    return rows


def _note(message: str) -> Issue:
    """What was done to split the rows."""
    return Issue("split", "note", message)


def split_rows(
    train: Iterable[Row], validation: Iterable[Row] | None, test: Iterable[Row] | None, source: SourceConfig
) -> Splits:
    """Check rows and split off what is not given.

    Rows with an empty text or label are left out; in multi-label data a row without labels is as good as any. Where
    something is split off, repeats of a text are left out first, so that no text stands on both sides; the split keeps
    the proportions of the classes or labels and the order of the rows.

    Args:
        train: Training rows.
        validation: Validation rows; None: ``source.validation_fraction`` of the training rows.
        test: Test rows; None: ``source.test_fraction`` of the training rows.
        source: Fractions (0 to 0.5, less than 1 together), seed, and how labels are written, for messages.

    Returns:
        The rows, and what was noticed.

    Raises:
        InputError: There is one class only, a label that training never saw, or too little to split.
    """
    issues: list[Issue] = []
    train = list(train)
    multi = any(isinstance(row.label, tuple) for row in train)
    train = clean_rows(train, "training", issues, multi=multi)
    given = {
        name: None if rows is None else clean_rows(rows, name, issues, multi=multi)
        for name, rows in (("validation", validation), ("test", test))
    }
    _report_two_labels([*train, *(given["validation"] or ()), *(given["test"] or ())], issues)
    fractions = {"test": source.test_fraction, "validation": source.validation_fraction}
    wanted = {name: fraction for name, fraction in fractions.items() if given[name] is None and fraction != 0}
    if wanted:
        train = _without_repeats(train, issues)
    check_labels(train, given)
    if multi:
        check_multi_label(train, source, issues)
    if wanted:
        train, held_out = _split(train, wanted, source.split_seed, issues)
        given.update(held_out)
    else:
        _report_single_rows(train, issues)
    _report_shared(train, given, issues)
    for name in fractions:
        if given[name] is None:
            issues.append(_note(f"no {name} data: none given, and --source.{name}_fraction is 0"))
    return Splits(train, given["validation"] or [], given["test"] or [], issues)


def _report_two_labels(rows: list[Row], issues: list[Issue]) -> None:
    label_of: dict[str, Label] = {}
    counter = RowCounter()
    for row in rows:
        if label_of.setdefault(row.text, row.label) != row.label:
            counter.add(row)
    counter.report(
        issues, "conflicting_labels", "serious", "rows that repeat a text with another label",
        "label each text in one way; where rows are split off, the first counts",
    )  # fmt: skip


def _report_shared(train: list[Row], given: dict[str, list[Row] | None], issues: list[Issue]) -> None:
    texts = {row.text for row in train}
    for name, rows in given.items():
        counter = RowCounter()
        for row in rows or ():
            if row.text in texts:
                counter.add(row)
        counter.report(
            issues, "train_overlap", "serious",
            f"{name} rows whose text is in the training data too, which flatters the figures",
            f"remove them from one side; rows that are split off (no --{name}-data) share none",
        )  # fmt: skip


def _report_single_rows(train: list[Row], issues: list[Issue]) -> None:
    counts = Counter(label for row in train for label in row.labels)
    counter = RowCounter()
    for row in train:
        if any(counts[label] == 1 for label in row.labels):
            counter.add(row)
    counter.report(issues, "tiny_class", "warning", "training rows alone in their class", "add rows, or join classes")


def _split(
    rows: list[Row], fractions: dict[str, float], seed: int, issues: list[Issue]
) -> tuple[list[Row], dict[str, list[Row]]]:
    """Hold out a part of the rows, all different, for each name, and keep the rest; order stays."""
    if sum(fractions.values()) >= 1:
        settings = " and ".join(f"--source.{name}_fraction {fraction:g}" for name, fraction in fractions.items())
        raise InputError(f"{settings} leave no training rows; together they must be less than 1")
    parts = 1 + len(fractions)
    rare = _rare_labels(rows, parts, issues)
    candidates = [row for row in rows if rare.isdisjoint(row.labels)]
    if not candidates:
        raise InputError(
            f"{len(rows)} training rows (first: {location(rows[0])}) are too few to split off"
            f" {' and '.join(fractions)} data: no class has {parts} different texts; give more rows,"
            " or --validation-data and --test-data"
        )
    held_out = stratified_split(candidates, fractions, seed)
    way = "by class" if isinstance(rows[0].label, str) else "by labels (iterative stratification)"
    for name, held in held_out.items():
        done = f"{name} data: {len(held):,} of {len(rows):,} training rows, split off {way} with seed {seed}"
        issues.append(_note(done))
    not_kept = {row.text for held in held_out.values() for row in held}
    return [row for row in rows if row.text not in not_kept], held_out


def _without_repeats(rows: list[Row], issues: list[Issue]) -> list[Row]:
    different, repeats = drop_duplicates(rows)
    repeats.report(issues, "duplicate", "note", "rows that repeat an earlier text, left out before the split")
    return different


def drop_duplicates(rows: Iterable[Row]) -> tuple[list[Row], RowCounter]:
    """The first row of each text, and the rows that repeat one."""
    seen: set[str] = set()
    different = []
    repeats = RowCounter()
    for row in rows:
        if row.text in seen:
            repeats.add(row)
        else:
            seen.add(row.text)
            different.append(row)
    return different, repeats


def _rare_labels(rows: list[Row], parts: int, issues: list[Issue]) -> set[str]:
    """Labels with too few rows to have one in every part."""
    counts = Counter(label for row in rows for label in row.labels)
    rare = {label for label, count in counts.items() if count < parts}
    if rare:
        first = next(row for row in rows if not rare.isdisjoint(row.labels))
        names = ", ".join(map(repr, itertools.islice(sorted(rare), 5))) + (", …" if len(rare) > 5 else "")
        issues.append(Issue(
            "tiny_class", "warning",
            f"too few rows to split, all stay in the training data: {len(rare)} of {len(counts)} classes, {names} "
            f"(first: {location(first)})",
            sum(counts[label] for label in rare), suggestion="add rows, or join classes",
        ))  # fmt: skip
    return rare
