"""Rows that are fit to train or to be measured on; what is not is counted and left out, or refused by file and row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from kerascnn.config import SourceConfig
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.labels import unique_labels
from kerascnn.data.records import Row, location
from kerascnn.utils.errors import InputError, did_you_mean


def select_evaluation_rows(
    rows: Iterable[Row], labels: Collection[str], *, multi: bool = False
) -> tuple[list[Row], list[str]]:
    """The rows that a trained classifier can be evaluated on, and what was left out.

    Args:
        rows: Labelled rows.
        labels: The labels that the classifier knows.
        multi: Whether it gives any number of labels.

    Raises:
        InputError: A row has another label, or one where several may be or the other way round, or no row has both text
            and label.
    """
    issues: list[Issue] = []
    known = clean_rows(rows, "evaluation", issues, multi=multi)
    _check_known(known, "evaluation", labels)
    return known, [issue.message for issue in issues]


def clean_rows(rows: Iterable[Row], name: str, issues: list[Issue], *, multi: bool) -> list[Row]:
    """Rows with text and, unless they may have none, a label, in one form; the others are counted among the issues.

    Args:
        rows: Rows.
        name: What they are, for messages.
        issues: Is added to.
        multi: Whether a row may have any number of labels, or one.

    Raises:
        InputError: No row is left, or one has the other form.
    """
    found = []
    no_text, no_label, nul = RowCounter(), RowCounter(), RowCounter()
    for row in rows:
        row = _of_form(row, name, multi)
        if "\0" in row.text or any("\0" in label for label in row.labels):
            nul.add(row)
            labels = [label.replace("\0", " ").strip() for label in row.labels]
            row = row._replace(text=row.text.replace("\0", " "), label=unique_labels(labels) if multi else labels[0])
        if not row.text.strip():
            no_text.add(row)
            continue
        if not row.label:
            no_label.add(row)
        if row.label or multi:
            found.append(row)
    nul.report(
        issues, "nul_character", "warning", f"{name} rows with NUL characters, read as spaces",
        "the encoding may be another: --source.encoding utf-16",
    )  # fmt: skip
    no_text.report(issues, "empty_text", "warning", f"{name} rows without text, left out", "check --text-column")
    if multi:
        no_label.report(issues, "missing_label", "note", f"{name} rows to which no label applies, kept")
    else:
        no_label.report(
            issues, "missing_label", "warning", f"{name} rows without a label, left out", "check --label-column"
        )
    if not found:
        first = no_text.first or no_label.first
        raise InputError(
            f"no row of the {name} data has both text and label"
            + (f" (first: {location(first)}); check --text-column and --label-column" if first else "")
        )
    return found


def _of_form(row: Row, name: str, multi: bool) -> Row:
    """A row that has a list of labels where the others have one, and one label where the others have one.

    Raises:
        InputError: It has the other form.
    """
    if isinstance(row.label, tuple) == multi:
        return row
    if not multi:
        raise InputError(
            f"{location(row)}: this {name} row has a list of labels, {list(row.label)}, and others have one label;"
            " write lists everywhere, or one label everywhere"
        )
    if row.label:
        raise InputError(
            f"{location(row)}: the {name} row has the one label {row.label!r} where any number is expected"
            " (multi-label); write a list, or say how labels are written: --label-separator or --label-columns"
        )
    return row._replace(label=())


def check_labels(train: Sequence[Row], given: Mapping[str, Sequence[Row] | None]) -> None:
    """Make sure that there are two labels, and that training sees each.

    Args:
        train: Training rows.
        given: Name of other data to its rows.

    Raises:
        InputError: There is one label only, or a row of the other data has one that no training row has.
    """
    labels = {label for row in train for label in row.labels}
    if not labels:
        raise InputError(
            f"none of the {len(train):,} training rows has a label (first: {location(train[0])}); check --label-column"
        )
    if len(labels) == 1:
        first = next(row for row in train if row.labels)
        raise InputError(
            f"all {len(train):,} training rows have the label {first.labels[0]!r}"
            f" (first: {location(first)}); a classifier needs two labels or more, check --label-column"
        )
    for name, rows in given.items():
        _check_known(rows or (), name, labels)


def check_multi_label(train: Sequence[Row], source: SourceConfig, issues: list[Issue]) -> None:
    """Make sure that several labels a row were read as they were meant.

    Raises:
        InputError: What should stand between labels stands between none.
    """
    labels = {label for row in train for label in row.labels}
    if source.label_separator and all(len(row.labels) < 2 for row in train):
        first = next(row for row in train if row.labels)
        raise InputError(
            f"the label separator {source.label_separator!r} stands between no labels of the training data (first"
            f" label: {first.labels[0]!r}, {location(first)}); correct it, or leave it out where each row has one label"
        )
    if unused := [name for name in source.label_columns if name not in labels]:
        issues.append(Issue(
            "unused_label", "warning",
            f"label columns that are 0 in all training rows, left out: {', '.join(map(repr, unused))}", len(unused),
            suggestion="add rows to which they apply",
        ))  # fmt: skip


def _check_known(rows: Iterable[Row], name: str, labels: Collection[str]) -> None:
    for row in rows:
        for label in row.labels:
            if label not in labels:
                raise InputError(
                    f"{location(row)}: the {name} data has the label {label!r}, which no training row has"
                    f"{did_you_mean(label, labels)}; correct it, or add training rows with it"
                )
