"""Distill a teacher into a small classifier from a ``Config``: train the teacher if need be, then the student."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn import models
from kerascnn.config import Config, config_from_dict, default_config, load_yaml
from kerascnn.distillation.teachers import TEACHER_KINDS, check_teacher
from kerascnn.experiment import run_folders
from kerascnn.experiment.comparison import compare_classifiers, format_comparison
from kerascnn.experiment.exports import writes_edge
from kerascnn.experiment.run_data import check_text_files, choose_cache, read_splits
from kerascnn.experiment.summary import suggest_next_steps
from kerascnn.experiment.tagger_run import check_model_fits, choose_tagger
from kerascnn.experiment.teacher_check import TEACHER_GROUPS, check_finished_teacher
from kerascnn.experiment.training_run import TrainingResult, run_training
from kerascnn.export.checks import Export
from kerascnn.selection import is_automatic, reject_automatic
from kerascnn.tagger_settings import check_tagger_settings
from kerascnn.transfer.pretrained_vectors import check_vectors
from kerascnn.utils import stderr
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.atomic_files import check_output_folder
from kerascnn.utils.errors import InputError, list_choices
from kerascnn.utils.optional_packages import require_tensorflow_backend
from kerascnn.utils.output_lock import lock_training
from kerascnn.utils.stderr import Log

if TYPE_CHECKING:
    from kerascnn.data.splits import Splits


@dataclass(frozen=True)
class DistillationResult:
    """Result of ``run_distillation``.

    Attributes:
        folder: The folder of the student's bundle.
        teacher_folder: The folder of the teacher's bundle; None if the teacher is a file or a function.
        metrics: As in ``metrics.json`` of the student, with ``comparison``: the metrics and the cost of both, see
            ``comparison.compare_classifiers``.
        summary: Lines for the user.
    """

    folder: Path
    teacher_folder: Path | None
    metrics: dict[str, Any]
    summary: str


@name_arguments
def run_distillation(
    config: Config[Any],
    *,
    teacher_config: str = "",
    resume: bool = False,
    overwrite: bool = False,
    store_examples: bool = True,
    export: Sequence[Export] = ("auto",),
    verbose: bool = True,
    log: Log = stderr.log,
    report: Callable[[DistillationResult], None] | None = None,
) -> DistillationResult:
    """Train a student on the probabilities of a teacher, and compare the two on the same test rows.

    A teacher that is the name of a model is trained first, on the training rows of the student, and kept in the folder
    ``teacher_folder``. It never learns the validation and test rows: they choose and measure the student.

    Args:
        config: The run of the student; ``config.distillation`` names the teacher and the unlabelled texts.
        teacher_config: YAML file of the settings of a teacher that is the name of a model; empty: its defaults.
        resume: Continue an interrupted run with the same settings, data and output.
        overwrite: Replace existing bundles of the student and of the teacher.
        store_examples: Show texts of the test data in ``report.html``.
        export: What to export of the student at the end, see ``exports.write_exports``.
        verbose: Show a progress bar and the metrics of each epoch.
        log: Receives messages for the user.
        report: Receives the result before the exports, which may take long or fail.

    Raises:
        InputError: As ``run_training``.
    """
    options: Mapping[str, Any] = {"resume": resume, "overwrite": overwrite, "store_examples": store_examples}
    options = {**options, "export": export, "verbose": verbose, "log": log}
    config = choose_tagger(config)
    reject_automatic(config, "a student")
    require_tensorflow_backend("distillation")
    folder = run_folders.default_bundle_folder(config)
    teacher_run = _teacher_run(config, teacher_config)
    with contextlib.ExitStack() as locks:
        for run in (teacher_run, config):
            if run:
                locks.enter_context(lock_training(run_folders.default_bundle_folder(run), config.training.strategy))
        return _distill(config, teacher_run, folder, options, report)


def _distill(
    config: Config[Any],
    teacher_run: Config[Any] | None,
    folder: Path,
    options: Mapping[str, Any],
    report: Callable[[DistillationResult], None] | None,
) -> DistillationResult:
    """Train teacher and student into folders that no other process writes, see ``run_distillation``."""
    resume, overwrite, log = options["resume"], options["overwrite"], options["log"]
    _check_folders(folder, teacher_run, may_exist=resume or overwrite)
    if teacher_run is None:
        check_teacher(config.distillation.teacher, config.source)
    splits = _check_data(config, log)
    if teacher_run:
        check_model_fits(teacher_run, splits, "--teacher")
    for run in (teacher_run, config):
        if run and not run_folders.is_finished(run_folders.default_bundle_folder(run), resume=resume):
            _check_pretrained(run)
    if teacher_run:
        if run_folders.is_finished(Path(teacher_run.output), resume=resume):
            check_finished_teacher(teacher_run, splits)
        log(f"training the teacher, {teacher_run.model}, kept in {teacher_run.output}")
        log(run_training(teacher_run, **{**options, "export": ("none",)}).summary)
        log(f"\ntraining the student, {config.model}")
        distillation = dataclasses.replace(config.distillation, teacher=teacher_run.output)
        config = dataclasses.replace(config, distillation=distillation)
    results = []

    def finish(student: TrainingResult) -> None:
        results.append(_compare(student, Path(config.distillation.teacher), splits, options["export"]))
        if report:
            report(results[-1])

    run_training(config, **options, report=finish)
    return results[-1]


def _compare(
    student: TrainingResult, teacher_folder: Path, splits: Splits, export: Sequence[Export]
) -> DistillationResult:
    """Compare student and teacher, if both are bundles that can be read now."""
    folder = student.folder
    if not teacher_folder.is_dir():
        return DistillationResult(folder, None, student.metrics, student.summary)
    if not folder.exists():  # a worker that is not the chief writes no bundle
        return DistillationResult(folder, teacher_folder, student.metrics, student.summary)
    comparison = compare_classifiers({"teacher": teacher_folder, "student": folder}, splits)
    head, closing = student.summary, suggest_next_steps(folder, has_edge=writes_edge(export))
    if head.endswith(closing):
        head = head.removesuffix(closing)
    else:  # it was finished before
        head, closing = "", head
    summary = f"{head}\n{format_comparison(comparison, splits)}\n{closing}"
    return DistillationResult(folder, teacher_folder, {**student.metrics, "comparison": comparison}, summary)


def teacher_folder_of(folder: Path) -> Path:
    """Return the folder of the teacher that is trained for a student, beside the folder of the student."""
    return folder.with_name(f"{folder.name}-teacher")


def _teacher_run(config: Config[Any], teacher_config: str) -> Config[Any] | None:
    """Return the training of the teacher; None if the teacher is there already.

    The teacher is not refitted to the validation rows: the student's early stopping needs rows that neither of the two
    has learned.
    """
    teacher = config.distillation.teacher
    if not teacher:
        raise InputError(f"--teacher is missing; give the name of a model, {TEACHER_KINDS}")
    if os.path.exists(teacher) or teacher not in models.list_options():
        if teacher_config:
            raise InputError(
                f"--teacher-config {teacher_config}: it has the settings of a teacher to train, and --teacher"
                f" {teacher} is not the name of a model{list_choices(teacher, models.list_options())}"
            )
        return None
    if config.training.strategy == "multi_worker":
        raise InputError(
            f"--teacher {teacher}: several processes do not share the training of a teacher; train it with python -m"
            " pipelines.train, then give its folder"
        )
    run = default_config(teacher)
    if is_automatic(run):
        run = run.replace_values({"network": {"budget": "accurate"}}, "the teacher")
    if teacher_config:
        run = _read_teacher_config(teacher_config, run)
    training = dataclasses.replace(
        run.training, refit_rows=0, deterministic=run.training.deterministic or config.training.deterministic
    )
    shared = {name: getattr(config, name) for name in ("data", "validation_data", "test_data", "source", "seed")}
    output = str(teacher_folder_of(run_folders.default_bundle_folder(config)))
    return dataclasses.replace(run, training=training, output=output, **shared)


def _read_teacher_config(path: str, run: Config[Any]) -> Config[Any]:
    """Return a run with the settings of a YAML file that belong to a teacher, such as config.yaml of a bundle."""
    values = load_yaml(path)
    if (model := values.get("model", run.model)) != run.model:
        raise InputError(f"{path}: has the settings of {model}, and the teacher is {run.model}; give --teacher {model}")
    config_from_dict(values, path, run)  # keys that a teacher does not use are checked too
    return config_from_dict({key: values[key] for key in TEACHER_GROUPS if key in values}, path, run)


def _check_folders(folder: Path, teacher_run: Config[Any] | None, *, may_exist: bool) -> None:
    """Check that the bundles of the student and of a teacher to train may be written."""
    check_output_folder(folder, overwrite=may_exist)
    if teacher_run is None:
        return
    teacher_folder = Path(teacher_run.output)
    if teacher_folder.exists() and not may_exist:
        raise InputError(
            f"{teacher_folder} exists already; --teacher {teacher_folder} uses this teacher, --overwrite trains it"
            " again, or choose another --output"
        )
    check_output_folder(teacher_folder, overwrite=may_exist)


def _check_data(config: Config[Any], log: Log) -> Splits:
    """Read all rows and texts once, so that a mistake in them is found before a teacher is trained."""
    from kerascnn.data.sources import read_rows

    splits = read_splits(config, choose_cache(config))
    splits.task.check_settings(config.training, has_teacher=True)
    check_model_fits(config, splits)
    if config.network.tags_tokens:
        check_tagger_settings(config, has_teacher=True)
    if config.network.is_linear and not splits.task.has_exclusive_labels:
        raise InputError(f"--model {config.model}: it is solved, and learns no soft labels of multi-label data")
    for _ in read_rows(config.distillation.unlabelled, config.source, labelled=False):
        pass
    if not config.distillation.unlabelled:
        log("no --unlabelled texts: more texts of the same kind, without labels, help a student most")
    return splits


def _check_pretrained(run: Config[Any]) -> None:
    """Check that the vectors, the encoder and the bundle to start from are there, before a teacher is trained."""
    check_vectors(run.transfer)
    check_text_files(run)
    if run.network.tags_tokens:
        return
    pretrained = run.network.pretrained_vocabulary(run.text)
    if run.transfer.init_from:
        from kerascnn.transfer.initial_vocabulary import load_initial_vectorizer  # imports TensorFlow

        load_initial_vectorizer(run.transfer.init_from, pretrained.settings if pretrained else run.text)
