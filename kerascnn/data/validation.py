"""Check rows before training and evaluation: drop and count unusable rows, and raise on wrong labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from kerascnn.data.indexed_rows import IndexedRows
from kerascnn.data.issues import Issue, RowCounter
from kerascnn.data.label_types import find_label_name
from kerascnn.data.labels import unique_labels
from kerascnn.data.records import TAGGING_TASK, Row, location
from kerascnn.tasks import SINGLE_LABEL, Task
from kerascnn.utils.errors import MAX_SHOWN_LABELS, InputError, did_you_mean, quote_names


def select_evaluation_rows(
    rows: Iterable[Row], labels: Sequence[str], *, task: Task = SINGLE_LABEL, label_type: str = "str"
) -> tuple[list[Row], list[str]]:
    """Return the rows on which a classifier can be evaluated, and messages about the dropped rows.

    Args:
        rows: Labelled rows.
        labels: Labels of the classifier.
        task: Task of the classifier.
        label_type: Type of its labels; rows with ``1.0`` have the label ``1`` if labels are whole numbers.

    Raises:
        InputError: A row has an unknown label, one label instead of a list or the reverse, or no row has both text and
            label.
    """
    issues: list[Issue] = []
    selected = clean_rows(rows, "evaluation", issues, task=task)
    if label_type != "str":
        names = {name: find_label_name(name, labels, label_type) for row in selected for name in row.labels}
        selected = [row._replace(labels=unique_labels(names[name] for name in row.labels)) for row in selected]
    if task.allows_new_labels:
        report_new_labels(selected, "evaluation", labels, issues)
    else:
        _check_labels_known(selected, "evaluation", labels)
    return selected, [issue.message for issue in issues]


def clean_rows(rows: Iterable[Row], name: str, issues: list[Issue], *, task: Task) -> list[Row]:
    """Return the rows that have a text and, if the task requires one, a label; the issues count the others.

    Args:
        rows: Labelled rows.
        name: Name of the rows for messages, such as ``training``.
        issues: Issues are appended here.
        task: Task that the rows are for; all rows get its form.

    Raises:
        InputError: No row is left, or a row has one label instead of a list or the reverse.
    """
    return task.prepare_rows(list(iterate_clean_rows(rows, name, issues, task=task)), name, issues)


def iterate_clean_rows(rows: Iterable[Row], name: str, issues: list[Issue], *, task: Task) -> Iterator[Row]:
    """Yield the rows that ``clean_rows`` keeps, one at a time; the issues are appended at the end."""
    count = 0
    empty_text, missing_label, nul = RowCounter(), RowCounter(), RowCounter()
    for row in rows:
        row = task.convert_row(row, name)
        if "\0" in row.text or any("\0" in label for label in row.labels):
            nul.add(row)
            row = _replace_nul(row)
        if not row.text.strip():
            empty_text.add(row)
            continue
        if not row.labels:
            missing_label.add(row)
        if row.labels or task.allows_no_label:
            count += 1
            yield row
    _report_dropped(name, issues, empty_text, missing_label, nul, keep_unlabelled=task.allows_no_label)
    if not count:
        first = empty_text.first or missing_label.first
        option = "--source.tag-column" if task.name == TAGGING_TASK else "--label-column"
        raise InputError(
            f"no row of the {name} data has both text and label"
            + (f" (first: {location(first)}); check --text-column and {option}" if first else "")
        )


def _replace_nul(row: Row) -> Row:
    """Replace NUL characters by spaces."""
    labels = [label.replace("\0", " ").strip() for label in row.labels]
    tokens = tuple(token._replace(text=token.text.replace("\0", " ")) for token in row.tokens)
    return row._replace(
        text=row.text.replace("\0", " "), tokens=tokens, labels=tuple(labels) if tokens else unique_labels(labels)
    )


def _report_dropped(
    name: str,
    issues: list[Issue],
    empty_text: RowCounter,
    missing_label: RowCounter,
    nul: RowCounter,
    *,
    keep_unlabelled: bool,
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
    if keep_unlabelled:
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


def check_labels(train: IndexedRows, held_out: Mapping[str, IndexedRows | None], *, task: Task) -> None:
    """Check that the training rows have two labels or more, and all labels of the other rows.

    Args:
        train: Training rows.
        held_out: Names of other data to rows.
        task: The task of all rows.

    Raises:
        InputError: There is one label only, or a row of the other data has a label that no training row has.
    """
    labels = train.count_labels()
    option = "--source.tag-column" if task.name == TAGGING_TASK else "--label-column"
    if not labels:
        raise InputError(
            f"none of the {len(train):,} training rows has a label (first: {location(train[0])}); check {option}"
        )
    if len(labels) == 1:
        first = train[int(train.have_any(set(labels)).argmax())]
        raise InputError(
            f"all {len(train):,} training rows have the label {first.labels[0]!r}"
            f" (first: {location(first)}); a classifier needs at least two labels, check {option}"
        )
    for name, rows in held_out.items():
        if rows is not None and not task.allows_new_labels:
            has_unknown = rows.have_any(set(rows.count_labels()) - set(labels))
            if has_unknown.any():
                _check_labels_known([rows[int(has_unknown.argmax())]], name, labels)


def report_new_labels(rows: Sequence[Row], name: str, labels: Collection[str], issues: list[Issue]) -> None:
    """Report labels that no training row has, where a task allows them; they count as mistakes.

    Args:
        rows: The rows.
        name: Name of the rows for messages.
        labels: Labels of the training rows.
        issues: Issues are appended here.

    Raises:
        InputError: No label is known.
    """
    known, found = set(labels), {label for row in rows for label in row.labels}
    new = found - known
    if not new:
        return
    counter = RowCounter()
    for row in rows:
        position = next((position for position, label in enumerate(row.labels) if label in new), -1)
        if position >= 0:
            line = row.tokens[position].line if row.tokens else 0
            detail = f"{row.labels[position]}, token {position + 1}" + (f" in line {line}" if line else "")
            counter.add(row, position=row.tokens[position].start if row.tokens else 0, detail=detail)
    first, names = counter.examples[0], quote_names(sorted(new), MAX_SHOWN_LABELS)
    hint = did_you_mean(min(new), known)
    if new == found:
        raise InputError(
            f"{first.file}, row {first.row}: no {name} label, such as {names}, is one of the training data,"
            f" {quote_names(sorted(known), MAX_SHOWN_LABELS)}{hint}; check --source.tag-column"
        )
    counter.report(
        issues, "new_labels", "warning",
        "{count} {name} [row has|rows have] a label that no training row has, {labels}, such as {detail}; they count as"
        " mistakes",
        f"correct them, or add training rows with them{hint}", name=name, labels=names, detail=first.detail,
    )  # fmt: skip


def _check_labels_known(rows: Iterable[Row], name: str, labels: Collection[str]) -> None:
    for row in rows:
        for label in row.labels:
            if label not in labels:
                raise InputError(
                    f"{location(row)}: the {name} data has the label {label!r}, which no training row has"
                    f"{did_you_mean(label, labels)}; correct it, or add training rows with it"
                )
