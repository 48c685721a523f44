"""Combine bundles into an ensemble, a bundle that answers with all of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import TAGGING_TASK
from kerascnn.settings import DataSources, FolderName
from kerascnn.utils.atomic_files import check_output_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.tables import text_table
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import download_bundle, name_bundle, parse_for_bundle, read_labelled_rows
from pipelines.command import choose_log, read_task_and_labels, run
from pipelines.outputs import check_outputs

if TYPE_CHECKING:
    from kerascnn.classifier import TextClassifier
    from kerascnn.data.records import Row
    from kerascnn.ensembles.classifier import EnsembleClassifier
    from kerascnn.tasks import Task
    from kerascnn.utils.stderr import Log


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundles, the data and the output."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the first bundle."""
    others: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE [BUNDLE ...]")]
    """Folders of the others, with the same labels."""
    output: FolderName
    """Folder for the ensemble, which contains copies of the bundles."""
    data: DataSources = ()
    """Labelled data to fit the weights to, which no bundle has learned, such as the validation data of their trainings.
    None: all bundles count the same."""
    test_data: DataSources = ()
    """Labelled data to evaluate the bundles and the ensemble on."""
    overwrite: bool = False
    """Replace an existing bundle."""
    json: bool = False
    """Print weights and metrics as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages about the data."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.combine") -> None:
    """Run the command."""
    args = parse_for_bundle(Arguments, prog, __doc__, argv)
    log, output = choose_log(quiet=args.quiet), Path(args.output)
    folders = [args.bundle, *(download_bundle(folder, quiet=args.quiet) for folder in args.others)]
    task = _check_bundles(folders)
    check_output_folder(output, overwrite=args.overwrite)
    check_outputs({"--output": args.output}, data=[*args.data, *args.test_data], bundles=folders)
    rows = {
        name: read_labelled_rows(data, args.source, args.bundle, log) if data else []
        for name, data in {"validation": args.data, "test": args.test_data}.items()
    }
    start_tensorflow()
    from kerascnn.classifier import TextClassifier
    from kerascnn.ensembles.classifier import EnsembleClassifier

    with lock_output(output):
        classifiers = [TextClassifier.load(folder) for folder in folders]
        names = [name_bundle(folder) for folder in folders]
        ensemble = EnsembleClassifier(classifiers)
        if rows["validation"]:
            _warn_about_learned_rows(names, classifiers, rows["validation"], log)
        metrics: dict[str, list[dict[str, Any]]] = {}
        for name, found in rows.items():  # the validation rows first
            if not found:
                continue
            predictions = ensemble.predict_members([row.text for row in found])
            targets = ensemble.bundle_.encode_names(task.labels_of_rows(found))
            if name == "validation":
                ensemble.fit_weights_to_predictions(predictions, targets)
            metrics[name] = [one.bundle_.evaluate(targets, p) for one, p in zip(classifiers, predictions, strict=True)]
            metrics[name].append(ensemble.bundle_.evaluate(targets, ensemble.combine(predictions)))
        ensemble.bundle_.metrics = _describe(ensemble, metrics)
        ensemble.save(output, overwrite=args.overwrite)
    if args.json:
        print(json.dumps(ensemble.bundle_.metrics, ensure_ascii=False))
    else:
        print(_format(names, ensemble, metrics, task))
        print(f'wrote {args.output}; next: python -m pipelines.predict {args.output} "a text"')


def _check_bundles(folders: Sequence[str]) -> Task:
    """Return the task of all bundles.

    Raises:
        InputError: They have different tasks or labels, or a tag for each token, or there is only one.
    """
    if len(folders) < 2:
        raise InputError(f"{name_bundle(folders[0])}: give two bundles or more")
    (task, labels), *others = [read_task_and_labels(folder) for folder in folders]
    if task.name == TAGGING_TASK:
        raise InputError(f"{name_bundle(folders[0])}: has a tag for each token; only labels of texts are combined")
    for folder, (other_task, other_labels) in zip(folders[1:], others, strict=True):
        if other_task is not task:
            names = [found.name.replace("_", "-") for found in (task, other_task)]
            raise InputError(f"{name_bundle(folders[0])} is {names[0]} and {name_bundle(folder)} is {names[1]}")
        if different := sorted({*labels} ^ {*other_labels}):
            raise InputError(
                f"{name_bundle(folder)}: only one of it and {name_bundle(folders[0])} has the label {different[0]!r};"
                " combine bundles with the same labels"
            )
    return task


def _warn_about_learned_rows(
    names: Sequence[str], classifiers: Sequence[TextClassifier], rows: Sequence[Row], log: Log
) -> None:
    """Warn if a bundle has learned the rows, so that its weight would be too high."""
    from kerascnn.data.records import hash_rows

    found = hash_rows(rows)
    for name, classifier in zip(names, classifiers, strict=True):
        learned = ["train", *["validation"] * ("refit" in classifier.bundle_.metrics)]
        if any(classifier.bundle_.data.get(split, {}).get("sha256") == found for split in learned):
            log(f"{name} has learned these rows: its weight will be too high; give other --data, or none")


def _describe(ensemble: EnsembleClassifier, metrics: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the content of ``metrics.json``."""
    bundles = [classifier.bundle_ for classifier in ensemble.classifiers]
    members = [
        {"model": bundle.config.model, "weight": weight, "parameters": bundle.metrics["parameters"]}
        for bundle, weight in zip(bundles, ensemble.bundle_.weights, strict=True)
    ]
    seconds = sum(bundle.metrics["seconds"] + bundle.metrics.get("refit", {}).get("seconds", 0) for bundle in bundles)
    return {
        "parameters": sum(member["parameters"] for member in members),
        "seconds": round(seconds, 2),
        "members": members,
        **{name: values[-1] for name, values in metrics.items()},
    }


def _format(
    names: Sequence[str], ensemble: EnsembleClassifier, metrics: dict[str, list[dict[str, Any]]], task: Task
) -> str:
    """Return a table of the weights, and of the metrics on each split."""
    columns = [(split, key, title) for split in metrics for key, title in task.metric_titles.items()]
    weights = [*(f"{weight:.3f}" for weight in ensemble.bundle_.weights), ""]
    rows = [
        (name, weight, *(f"{metrics[split][number][key]:.4f}" for split, key, _ in columns))
        for number, (name, weight) in enumerate(zip([*names, "all together"], weights, strict=True))
    ]
    return text_table(("bundle", "weight", *(f"{split} {title}" for split, _, title in columns)), rows)


if __name__ == "__main__":
    run(main)
