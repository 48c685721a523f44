"""Compare two bundles on the same labelled data: is one of them really better?"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import TAGGING_TASK
from kerascnn.settings import DataSources, FileName
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import text_table
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import name_bundle, parse_for_bundle, read_labelled_rows
from pipelines.command import choose_log, read_task_and_labels, run
from pipelines.outputs import check_outputs
from pipelines.tables import check_table, label_separator, write_table

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.data.records import Row
    from kerascnn.evaluation.paired_comparison import PairedComparison
    from kerascnn.tagger_bundle import TaggerBundle
    from kerascnn.tasks import Task
    from kerascnn.utils.stderr import Log

LEVEL = 0.05
"""Probability below which a difference counts as one."""
LEAST_P_VALUE = 1e-300
"""Smaller ones are not distinguished from 0."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The two bundles and the data."""

    bundle_a: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE_A")]
    """Folder of the first bundle, A."""
    bundle_b: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE_B")]
    """Folder of the second bundle, B."""
    data: DataSources
    """Labelled data that neither of them was trained on; the columns are those of the training of A by default."""
    disagreements: FileName = ""
    """Also write the rows that the two predict differently into this file (csv, tsv, jsonl, also .gz)."""
    spreadsheet_safe: bool = False
    """Write an apostrophe before cells of that file that begin with = + - @: spreadsheets run them as formulas."""
    json: bool = False
    """Print the comparison as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.compare") -> None:
    """Run the command."""
    args = parse_for_bundle(Arguments, prog, __doc__, argv, bundles=("bundle_a", "bundle_b"))
    folders, log = (args.bundle_a, args.bundle_b), choose_log(quiet=args.quiet)
    shown = [name_bundle(folder) for folder in folders]
    tasks = [read_task_and_labels(folder)[0] for folder in folders]
    if tasks[0] is not tasks[1]:
        names = [task.name.replace("_", "-") for task in tasks]
        raise InputError(f"{shown[0]} is {names[0]} and {shown[1]} is {names[1]}; compare bundles of one task")
    check_table(args.disagreements, "--disagreements")
    check_outputs({"--disagreements": args.disagreements}, data=args.data, bundles=folders)
    rows = _read_rows(args, log)
    if tasks[0].name == TAGGING_TASK:
        _compare_taggers(args, shown, rows, tasks[0], log)
        return
    start_tensorflow()
    from kerascnn.evaluation.mistakes import DISAGREEMENT_COLUMNS, find_mistakes, list_disagreements
    from kerascnn.evaluation.paired_comparison import PairedComparison
    from kerascnn.loading import load

    texts, labels = [row.text for row in rows], tasks[0].labels_of_rows(rows)
    bundles, probabilities, targets = [], [], []
    for folder in folders:
        classifier = load(folder)
        bundles.append(classifier.bundle_)
        probabilities.append(classifier.predict_proba(texts))
        targets.append(classifier.bundle_.encode_names(labels))
    _warn_about_known_rows(shown, bundles, rows, log)
    metrics = [bundle.evaluate(*pair) for bundle, *pair in zip(bundles, targets, probabilities, strict=True)]
    comparison = PairedComparison.count(*(
        ~find_mistakes(bundle, *pair) for bundle, *pair in zip(bundles, targets, probabilities, strict=True)
    ))  # fmt: skip
    if args.disagreements:
        table = list_disagreements(bundles, rows, probabilities, label_separator(args.disagreements, args.source))
        total = f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'}"
        _write_disagreements(args, table, DISAGREEMENT_COLUMNS, total, log)
    if args.json:
        print(json.dumps(_describe(shown, metrics, comparison), ensure_ascii=False))
    else:
        print(format_comparison(shown, [{**tasks[0].metric_titles}, *metrics], comparison))


def _compare_taggers(args: Arguments, shown: Sequence[str], rows: Sequence[Row], task: Task, log: Log) -> None:
    """Compare two taggers; the tokens take the place of the rows."""
    start_tensorflow()
    import numpy as np

    from kerascnn.data.tag_schemes import has_spans
    from kerascnn.evaluation.paired_comparison import PairedComparison
    from kerascnn.evaluation.tag_mistakes import TAG_DISAGREEMENT_COLUMNS, list_tag_disagreements
    from kerascnn.tasks.tagging_metrics import evaluate_tags
    from kerascnn.token_classifier import TokenClassifier

    sentences, tags = task.texts_of_rows(rows), task.labels_of_rows(rows)
    taggers = [TokenClassifier.load(folder) for folder in (args.bundle_a, args.bundle_b)]
    _warn_about_known_rows(shown, [tagger.bundle_ for tagger in taggers], rows, log)
    predicted = [tagger.predict(sentences) for tagger in taggers]
    metrics = [
        evaluate_tags(tags, found, sentences, is_spans=has_spans(tagger.classes_))
        for tagger, found in zip(taggers, predicted, strict=True)
    ]
    true = np.array([tag for row in tags for tag in row])
    comparison = PairedComparison.count(
        *(np.array([tag for row in found for tag in row]) == true for found in predicted)
    )
    if args.disagreements:
        table = list_tag_disagreements(rows, *predicted)
        _write_disagreements(args, table, TAG_DISAGREEMENT_COLUMNS, f"{comparison.rows:,} tokens", log)
    if args.json:
        print(json.dumps(_describe(shown, metrics, comparison), ensure_ascii=False))
    else:
        titles = {key: title for key, title in task.metric_titles.items() if all(key in found for found in metrics)}
        print(format_comparison(shown, [titles, *metrics], comparison, unit="tokens"))


def _write_disagreements(
    args: Arguments, table: Iterable[Mapping[str, Any]], columns: Sequence[str], total: str, log: Log
) -> None:
    """Write the file of --disagreements, and say how many of the compared rows or tokens are in it."""
    count = write_table(args.disagreements, table, columns, spreadsheet_safe=args.spreadsheet_safe)
    log(f"wrote {count:,} of {total} to {args.disagreements}")


def _read_rows(args: Arguments, log: Log) -> list[Row]:
    """Read the rows; each of their labels must be one of A, and the same one of B."""
    rows = read_labelled_rows(args.data, args.source, args.bundle_a, log)
    task, known = read_task_and_labels(args.bundle_b)
    from kerascnn.data.records import location

    for row in rows:
        if not task.allows_new_labels and (unknown := [label for label in row.labels if label not in known]):
            raise InputError(
                f"{location(row)}: {name_bundle(args.bundle_b)} does not know the label {unknown[0]!r}; compare bundles"
                " with the same labels, or leave out the rows"
            )
    return rows


def _warn_about_known_rows(
    folders: Sequence[str], bundles: Sequence[Bundle | TaggerBundle], rows: Sequence[Row], log: Log
) -> None:
    """Warn if the rows are those of the training of a bundle."""
    from kerascnn.data.records import hash_rows

    found = hash_rows(rows)
    for folder, bundle in zip(folders, bundles, strict=True):
        for name in ("train", "validation"):
            if bundle.data.get(name, {}).get("sha256") == found:
                log(f"{folder} was trained with these rows, its {name} data; compare on others")


def _describe(
    folders: Sequence[str], metrics: Sequence[dict[str, Any]], comparison: PairedComparison
) -> dict[str, Any]:
    return {
        "a": {"bundle": folders[0], **metrics[0]},
        "b": {"bundle": folders[1], **metrics[1]},
        "rows": comparison.rows,
        **dataclasses.asdict(comparison),
        "difference": comparison.difference,
        "interval": comparison.interval,
        "p_value": comparison.p_value,
        "test": "exact binomial" if comparison.is_exact else "chi-squared",
    }


def format_comparison(
    folders: Sequence[str], metrics: Sequence[dict[str, Any]], comparison: PairedComparison, unit: str = "rows"
) -> str:
    """Return the metrics of both bundles, their right and wrong rows, and a sentence about the difference.

    Args:
        folders: Names of A and B, their folders or addresses.
        metrics: Titles of the metrics by their keys, then those of A and B.
        comparison: The rows that each has right.
        unit: What is right or wrong.
    """
    titles, *values = metrics
    table = [
        (f"{letter} {folder}", *(f"{found[key]:.4f}" for key in titles))
        for letter, folder, found in zip("AB", folders, values, strict=True)
    ]
    counts = [
        ("A right", f"{comparison.both_right:,}", f"{comparison.only_a_right:,}"),
        ("A wrong", f"{comparison.only_b_right:,}", f"{comparison.both_wrong:,}"),
    ]
    low, high = comparison.interval
    test = "exact binomial" if comparison.is_exact else "chi-squared with continuity correction"
    better = "B" if comparison.difference > 0 else "A"
    if comparison.p_value < LEVEL:
        verdict = f"{better} is better on data like this"
    else:
        verdict = "the data does not show which one is better"
    return "\n".join([
        text_table(("bundle", *titles.values()), table),
        "",
        text_table((unit, "B right", "B wrong"), counts, align="lrr"),
        "",
        f"{titles.get('accuracy', titles.get('token_accuracy'))}: B - A = {comparison.difference:+.4f} (95 % confidence"
        f" interval {low:+.4f} to {high:+.4f}) on {comparison.rows:,} {unit}",
        f"McNemar's test ({test}): p {_format_p_value(comparison.p_value)}; {verdict}",
    ])  # fmt: skip


def _format_p_value(value: float) -> str:
    return f"< {LEAST_P_VALUE:g}" if value < LEAST_P_VALUE else f"= {value:.3g}"


if __name__ == "__main__":
    run(main)
