"""Check rows before training and evaluation: drop and count unusable rows, and raise on wrong labels."""

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
    """Return the rows on which a classifier can be evaluated, and messages about the dropped rows.

    Args:
        rows: Labelled rows.
        labels: Labels of the classifier.
        multi: Whether the classifier is multi-label.

    Raises:
        InputError: A row has an unknown label, one label instead of a list or the reverse, or no row has both text and
            label.
    """
    issues: list[Issue] = []
    selected = clean_rows(rows, "evaluation", issues, multi=multi)
    _check_labels_known(selected, "evaluation", labels)
    return selected, [issue.message for issue in issues]


def clean_rows(rows: Iterable[Row], name: str, issues: list[Issue], *, multi: bool) -> list[Row]:
    """Return the rows that have a text and, in single-label data, a label; the issues count the others.

    Args:
        rows: Labelled rows.
        name: Name of the rows for messages, such as ``training``.
        issues: Issues are appended here.
        multi: Whether the data is multi-label: all labels become tuples, and a row may have none.

    Raises:
        InputError: No row is left, or a row has one label instead of a list or the reverse.
    """
    cleaned = []
    empty_text, missing_label, nul = RowCounter(), RowCounter(), RowCounter()
    for row in rows:
        row = _unify_label(row, name, multi)
        if "\0" in row.text or any("\0" in label for label in row.labels):
            nul.add(row)
            labels = [label.replace("\0", " ").strip() for label in row.labels]
            row = row._replace(text=row.text.replace("\0", " "), label=unique_labels(labels) if multi else labels[0])
        if not row.text.strip():
            empty_text.add(row)
            continue
        if not row.label:
            missing_label.add(row)
        if row.label or multi:
            cleaned.append(row)
    _report_dropped(name, issues, empty_text, missing_label, nul, multi=multi)
    if not cleaned:
        first = empty_text.first or missing_label.first
        raise InputError(
            f"no row of the {name} data has both text and label"
            + (f" (first: {location(first)}); check --text-column and --label-column" if first else "")
        )
    return cleaned


def _report_dropped(
    name: str, issues: list[Issue], empty_text: RowCounter, missing_label: RowCounter, nul: RowCounter, *, multi: bool
) -> None:
    nul.report(
        issues, "nul_character", "warning",
        "{count} {name} [row contains|rows contain] NUL characters, which are replaced by spaces",
        "the file may have another encoding: --source.encoding utf-16", name=name,
    )  # fmt: skip
    empty_text.report(
        issues, "empty_text", "warning", "{count} {name} [row has no text and was|rows have no text and were] dropped",
        "check --text-column", name=name,
    )  # fmt: skip
    if multi:
        missing_label.report(
            issues, "missing_label", "note",
            "{count} {name} [row has no labels and was|rows have no labels and were] kept", name=name,
        )  # fmt: skip
    else:
        missing_label.report(
            issues, "missing_label", "warning",
            "{count} {name} [row has no label and was|rows have no label and were] dropped",
            "check --label-column", name=name,
        )  # fmt: skip


def _unify_label(row: Row, name: str, multi: bool) -> Row:
    """Return a row with a tuple of labels in multi-label data, and with one label otherwise.

    Raises:
        InputError: A single-label row has a list, or a multi-label row has one label.
    """
    if isinstance(row.label, tuple) == multi:
        return row
    if not multi:
        raise InputError(
            f"{location(row)}: this {name} row has a list of labels, {list(row.label)}, but other rows have one label;"
            " write lists in all rows, or one label in all rows"
        )
    if row.label:
        raise InputError(
            f"{location(row)}: this {name} row has one label, {row.label!r}, but the data is multi-label; write a list,"
            " or tell how the labels are written with --label-separator or --label-columns"
        )
    return row._replace(label=())


def check_labels(train: Sequence[Row], held_out: Mapping[str, Sequence[Row] | None]) -> None:
    """Check that the training rows have two labels or more, and all labels of the other rows.

    Args:
        train: Training rows.
        held_out: Names of other data to rows.

    Raises:
        InputError: There is one label only, or a row of the other data has a label that no training row has.
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
            f" (first: {location(first)}); a classifier needs at least two labels, check --label-column"
        )
    for name, rows in held_out.items():
        _check_labels_known(rows or (), name, labels)


def check_multi_label(train: Sequence[Row], source: SourceConfig, issues: list[Issue]) -> None:
    """Check that several labels per row were read as intended.

    Raises:
        InputError: No row contains the label separator between labels.
    """
    labels = {label for row in train for label in row.labels}
    if source.label_separator and all(len(row.labels) < 2 for row in train):
        first = next(row for row in train if row.labels)
        raise InputError(
            f"no training row has the label separator {source.label_separator!r} between labels (first label:"
            f" {first.labels[0]!r}, {location(first)}); correct --label-separator, or remove it if each row has one"
            " label"
        )
    if unused := [name for name in source.label_columns if name not in labels]:
        columns = "label column is" if len(unused) == 1 else "label columns are"
        issues.append(Issue(
            "unused_label", "warning",
            f"{len(unused)} {columns} 0 in all training rows and dropped: {', '.join(map(repr, unused))}", len(unused),
            suggestion="add rows with these labels",
        ))  # fmt: skip


def _check_labels_known(rows: Iterable[Row], name: str, labels: Collection[str]) -> None:
    for row in rows:
        for label in row.labels:
            if label not in labels:
                raise InputError(
                    f"{location(row)}: the {name} data has the label {label!r}, which no training row has"
                    f"{did_you_mean(label, labels)}; correct it, or add training rows with it"
                )
