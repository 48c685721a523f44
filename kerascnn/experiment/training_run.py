"""Train a classifier from a ``Config``: check, read, train, evaluate and save."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.config import Config
from kerascnn.data.label_types import choose_label_type
from kerascnn.distillation.teachers import check_teacher
from kerascnn.experiment import run_folders
from kerascnn.experiment.automatic_run import choose_run
from kerascnn.experiment.exports import check_exports, write_exports, write_missing_exports, writes_edge
from kerascnn.experiment.run_data import (
    check_text_files,
    choose_cache,
    describe_data,
    load_distillation_data,
    read_splits,
    text_and_label_columns,
    training_columns,
)
from kerascnn.experiment.summary import summarize_training
from kerascnn.experiment.tagger_run import check_model_fits, choose_tagger, summarize_tagger, train_tagger_run
from kerascnn.export.checks import Export
from kerascnn.manifest import read_metrics
from kerascnn.selection import check_automatic, is_automatic
from kerascnn.tagger_settings import check_tagger_settings
from kerascnn.transfer.pretrained_vectors import check_vectors
from kerascnn.utils import stderr
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.atomic_files import check_output_folder
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.output_lock import lock_training
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import limit_threads, start_tensorflow

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.classifier import TextClassifier
    from kerascnn.data.splits import Splits
    from kerascnn.evaluation.report import Example
    from kerascnn.tagger_bundle import TaggerBundle

MAX_ADVICE = 4
"""Issues of the data that are logged before a training."""


@dataclass(frozen=True)
class TrainingResult:
    """Result of ``run_training``.

    Attributes:
        folder: The folder of the bundle.
        metrics: As in ``metrics.json``.
        summary: Lines for the user: test metrics, cost, calibration, and the next step.
        bundle: The classifier; None if ``folder`` was finished before.
        has_written: Whether this process wrote ``folder``: in distributed training only the chief worker does.
    """

    folder: Path
    metrics: dict[str, Any]
    summary: str
    bundle: Bundle | TaggerBundle | None = None
    has_written: bool = False


@name_arguments
def run_training(
    config: Config[Any],
    *,
    resume: bool = False,
    overwrite: bool = False,
    store_examples: bool = True,
    export: Sequence[Export] = ("auto",),
    verbose: bool = True,
    log: Log = stderr.log,
    report: Callable[[TrainingResult], None] | None = None,
) -> TrainingResult:
    """Train a classifier, evaluate it on the validation and test data, and write its bundle.

    Everything that can be checked without TensorFlow is checked first.

    Args:
        config: The run. With ``config.distillation.teacher`` it learns soft labels too.
        resume: Continue an interrupted run with the same settings, data and output; of a finished one, write the
            exports that are missing.
        overwrite: Replace an existing bundle.
        store_examples: Show texts of the test data in ``report.html``.
        export: What to export at the end, see ``exports.write_exports``.
        verbose: Show a progress bar and the metrics of each epoch.
        log: Receives messages for the user.
        report: Receives the result before the exports, which may take long or fail.

    Raises:
        InputError: A setting, a file or a row cannot be used; the message names it. Or an export other than ``auto``
            cannot be written; the bundle is complete without it.
    """
    config = choose_tagger(config)
    folder = run_folders.default_bundle_folder(config)
    options: dict[str, Any] = {"resume": resume, "overwrite": overwrite, "store_examples": store_examples}
    options |= {"export": export, "verbose": verbose, "log": log}
    with lock_training(folder, config.training.strategy), warnings.catch_warnings():
        # the check of the rows says it of rows
        warnings.filterwarnings("ignore", message="each text has a list of exactly one label")
        result = _train(config, folder, **options)
        if report:
            report(result)
        if result.has_written and result.bundle:
            write_exports(export, result.bundle, folder, log)
        elif result.bundle is None:
            write_missing_exports(export, config, folder, log)
        return result


def _train(
    config: Config[Any],
    folder: Path,
    *,
    resume: bool,
    overwrite: bool,
    store_examples: bool,
    export: Sequence[Export],
    verbose: bool,
    log: Log,
) -> TrainingResult:
    """Train into a folder that no other process writes, see ``run_training``."""
    if run_folders.is_finished(folder, resume=resume):
        return TrainingResult(folder, read_metrics(folder), f"{folder} is finished already")
    require_tensorflow_backend("training")
    check_output_folder(folder, overwrite=overwrite or resume)
    run_folders.check_inputs(config, folder)
    if is_automatic(config):
        check_automatic(config)
    if config.network.tags_tokens:
        check_tagger_settings(config, has_teacher=bool(config.distillation.teacher))
    check_vectors(config.transfer)
    check_text_files(config)
    if config.distillation.teacher:
        check_teacher(config.distillation.teacher, config.source)
    cache = choose_cache(config, log)
    splits = read_splits(config, cache, verbose=verbose)
    for message in splits.messages:
        log(message)
    log(f"{len(splits.train):,} training, {len(splits.validation):,} validation and {len(splits.test):,} test rows")
    check_model_fits(config, splits)
    splits.task.check_settings(config.training, has_teacher=bool(config.distillation.teacher))
    check_exports(export, config, splits.task, folder)
    if config.network.tags_tokens:
        tagger = train_tagger_run(
            config, splits, folder, resume=resume, overwrite=overwrite, store_examples=store_examples, verbose=verbose,
            log=log,
        )  # fmt: skip
        summary = summarize_tagger(tagger, folder, has_edge=writes_edge(export))
        return TrainingResult(folder, tagger.metrics, summary, tagger, has_written=folder.exists())
    facts: dict[str, Any] = {}
    if is_automatic(config):
        config, facts = choose_run(config, splits, folder, resume=resume, log=log)
    limit_threads(config.network.parallel_branches)
    _log_advice(config, splits, log)
    start_tensorflow()
    from kerascnn.classifier import TextClassifier
    from kerascnn.classifier_data import is_refitted, prepare_stored_data
    from kerascnn.training.distributed import strategies

    is_chief = strategies.is_chief(config.training.strategy)
    if is_chief and not facts:  # the state of a run with facts has them
        run_folders.discard_interrupted_run(folder, resume=resume, log=log)
    distillation = load_distillation_data(config, splits, log)
    classifier = TextClassifier.from_config(config)
    rows = len(splits.train) + (len(distillation.unlabelled) if distillation else 0) + len(splits.validation)
    refit = not splits.has_own_validation and is_refitted(config, rows, has_teacher=distillation is not None)
    fit_options: dict[str, Any] = {
        "folder": run_folders.state_folder(folder),
        "resume": resume,
        "verbose": verbose and is_chief,
    }
    if cache:
        classifier.fit_data(config, prepare_stored_data(splits, cache, refit=refit), **fit_options)
    else:
        texts, labels, soft_labels = training_columns(splits, distillation)
        classifier.fit(
            texts, labels, soft_labels=soft_labels, refit=refit, **fit_options,
            validation_data=text_and_label_columns(splits.validation, splits.task) if splits.validation else None,
        )  # fmt: skip
    bundle = classifier.bundle_
    bundle.metrics |= facts
    bundle.label_type = choose_label_type(bundle.labels, splits.label_type)
    if not is_chief:
        return TrainingResult(folder, bundle.metrics, "done; the first process writes the bundle", bundle)
    examples: dict[str, list[Example]] = {}
    for name in ("validation", "test"):
        if rows := getattr(splits, name):
            examples = _evaluate(classifier, name, *text_and_label_columns(rows, splits.task))
    bundle.data.update(describe_data(config, splits, distillation))
    if distillation:
        bundle.distillation |= {"sha256": distillation.sha256}
    classifier.save(folder, overwrite=overwrite or resume, examples=examples if store_examples else None)
    run_folders.remove_state(folder)
    summary = summarize_training(bundle, folder, has_edge=writes_edge(export))
    return TrainingResult(folder, bundle.metrics, summary, bundle, has_written=True)


def _log_advice(config: Config[Any], splits: Splits, log: Log) -> None:
    from kerascnn.audit.audit import quick_audit

    for issue in quick_audit(splits, config)[:MAX_ADVICE]:
        log("; ".join(filter(None, (issue.message, issue.suggestion, "more by python -m pipelines.audit"))))


def _evaluate(
    classifier: TextClassifier, name: str, texts: Sequence[str], labels: Sequence[Any]
) -> dict[str, list[Example]]:
    """Store the metrics of a split in the bundle, and return its notable examples."""
    from kerascnn.evaluation.report import collect_examples

    bundle, probabilities = classifier.bundle_, None
    if name == "validation":
        probabilities = bundle.validation_probabilities  # of a model that was not fitted to these rows
    if probabilities is None:
        probabilities = classifier.predict_proba(texts)
    bundle.metrics[name] = classifier.evaluate(texts, labels, probabilities=probabilities)
    if name == "validation" and bundle.validation_probabilities is not None:
        return {}  # the final model has learned these rows: its explanations would not fit
    targets = bundle.task.encode(labels, classifier.classes_)
    return collect_examples(
        texts, targets, probabilities, bundle.labels, task=bundle.task, thresholds=bundle.thresholds
    )
