"""Choose the model of a run: by cross-validation with few rows, by rules with many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.classifier_data import TrainingData
from kerascnn.config import Config
from kerascnn.models.auto import AutoModel
from kerascnn.selection.candidates import FEW_ROWS, CandidateRun, list_candidates, prefer
from kerascnn.selection.cross_validation import Comparison, Fold, Predictions, compare, cross_validate, draw_folds
from kerascnn.selection.data_profile import DataProfile
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import Log
from kerascnn.utils.tensorflow_startup import limit_threads, start_tensorflow

if TYPE_CHECKING:
    import keras

FOLDS = 5
"""Folds of the cross-validation up to ``MANY_FOLDS_ROWS`` training rows; with more rows, or the budget fast, 3."""
MANY_FOLDS_ROWS = 500
MIN_ROWS_PER_FOLD = 10
"""Rows to test on per fold from which on candidates are compared."""


@dataclass(frozen=True)
class ModelChoice:
    """The result of ``choose_model``.

    Attributes:
        config: The run with the chosen model.
        facts: What is stored in ``metrics.json`` as ``selection``: ``budget``, ``model``, ``reasons`` (lines for the
            user), ``left_out`` (name of a candidate to the reason), and after a cross-validation ``metric``, ``folds``,
            ``rows`` and ``candidates`` (name, score, difference from the default, its standard error, seconds, and
            ``frozen_encoder`` if the score is that of the model with a frozen encoder).
    """

    config: Config[Any]
    facts: dict[str, Any]


def is_automatic(config: Config[Any]) -> bool:
    """Return whether the model of a run is still to be chosen."""
    return isinstance(config.network, AutoModel)


def reject_automatic(config: Config[Any], place: str) -> None:
    """Check that the model of a run is not ``auto``.

    Args:
        config: The run.
        place: What needs another model, the beginning of the message.

    Raises:
        InputError: It is.
    """
    if is_automatic(config):
        raise InputError(
            f"{place}: model auto is for python -m pipelines.train and TextClassifier; give another --model"
        )


def check_automatic(config: Config[AutoModel]) -> None:
    """Check that a run with the model ``auto`` has no settings that only a chosen model can have.

    Raises:
        InputError: It has; the message names the setting.
    """
    defaults = type(config.network).text.to_dict()
    for name, value in config.text.to_dict().items():
        if value != defaults[name]:
            raise InputError(f"text.{name}: model auto chooses the text settings with the model; give another --model")
    if config.transfer.init_from:
        raise InputError("transfer.init_from: the model is that of the bundle to start from; leave out --model auto")
    if config.training.strategy == "multi_worker":
        raise InputError("training.strategy multi_worker: each process would choose a model; give another --model")
    if config.distillation.teacher:
        raise InputError(
            "distillation.teacher: model auto does not choose a student; give --model word_cnn or char_cnn"
        )


def choose_model(
    config: Config[AutoModel],
    data: TrainingData,
    *,
    optimizer: keras.optimizers.Optimizer | None = None,
    needs_epochs: bool = False,
    log: Log,
) -> ModelChoice:
    """Choose the model of a run from its training data, budget and the installed packages.

    With up to ``FEW_ROWS`` training rows the candidates are compared by cross-validation on these rows, and the default
    model of the script wins unless another one is better by more than a standard error. With more rows, rules decide.

    Args:
        config: The run, with the model ``auto``.
        data: Checked training data; the validation documents have no part in the choice.
        optimizer: Optimizer to use instead of that of the settings.
        needs_epochs: Whether the model must be trained by epochs, because of callbacks.
        log: Receives the reasons.

    Raises:
        InputError: A setting of the run cannot be used with the model ``auto``.
    """
    check_automatic(config)
    if data.soft_labels is not None:
        raise InputError("soft_labels: model auto does not choose a student; give model='word_cnn' or 'char_cnn'")
    profile, budget = DataProfile.measure(data.texts, len(data.classes)), config.network.budget
    runs, left_out = list_candidates(config, profile)
    if optimizer is not None or needs_epochs:
        runs = [run for run in runs if not run.config.network.is_linear] or runs
    facts: dict[str, Any] = {"budget": budget, "left_out": left_out}
    log(f"model auto, budget {budget}: {profile.describe()}")
    for name, obstacle in left_out.items():
        log(f"  not {name}: {obstacle}")
    count = 3 if budget == "fast" or profile.rows > MANY_FOLDS_ROWS else FOLDS
    if len(runs) == 1:
        chosen, reason = runs[0], "the only candidate"
    elif profile.rows > FEW_ROWS:
        chosen, reason = prefer(runs, profile, budget)
    else:
        folds = draw_folds(data, count, config.source.split_seed)
        if sum(len(fold.test) for fold in folds) < MIN_ROWS_PER_FOLD * count:
            reason = f"fewer than {MIN_ROWS_PER_FOLD * count} rows to compare models on, the default"
            chosen = runs[0]
        else:
            chosen, reason = _compare_candidates(runs, data, folds, config.training.monitor, optimizer, facts, log)
    reasons = [f"{profile.describe()}; budget {budget}", f"{chosen.candidate.name}: {reason}"]
    log(f"model auto chooses {reasons[-1]}")
    return ModelChoice(chosen.config, {"model": chosen.config.model, "reasons": reasons, **facts})


def _compare_candidates(
    runs: Sequence[CandidateRun],
    data: TrainingData,
    folds: Sequence[Fold],
    metric: str,
    optimizer: keras.optimizers.Optimizer | None,
    facts: dict[str, Any],
    log: Log,
) -> tuple[CandidateRun, str]:
    """Cross-validate the candidates, add the results to the facts, and return the best one and the reason."""
    networks = [run.config.network for run in runs if not run.config.network.is_linear]
    limit_threads(max((network.parallel_branches for network in networks), default=1))
    start_tensorflow()
    log(f"  comparing {len(runs)} models in {len(folds)} folds of the {len(data.texts):,} training rows")
    predictions: list[Predictions] = []
    for run in runs:
        found = cross_validate(run.fold_config, data, folds, optimizer)
        predictions.append(found)
        score = compare([found], metric, len(data.classes)).scores[0]
        note = ", usually a lower bound" if run.candidate.frozen_settings else ""
        log(f"  {run.candidate.name}{_freezing(run)}: {metric} {abs(score):.4f} ({found.seconds:.0f} s){note}")
    comparison = compare(predictions, metric, len(data.classes))
    facts |= {
        "metric": metric, "folds": len(folds), "rows": len(predictions[0].losses),
        "candidates": _list_results(runs, predictions, comparison),
    }  # fmt: skip
    best = comparison.choose()
    return runs[best], _explain(runs, comparison, best, metric)


def _list_results(
    runs: Sequence[CandidateRun], predictions: Sequence[Predictions], comparison: Comparison
) -> list[dict[str, Any]]:
    columns = zip(comparison.scores, comparison.differences, comparison.standard_errors, strict=True)
    return [
        {
            "name": run.candidate.name, "score": round(float(score), 5), "difference": round(float(difference), 5),
            "standard_error": round(float(error), 5), "seconds": round(found.seconds, 2),
            **({"frozen_encoder": True} if run.candidate.frozen_settings else {}),
        }
        for run, found, (score, difference, error) in zip(runs, predictions, columns, strict=True)
    ]  # fmt: skip


def _freezing(run: CandidateRun) -> str:
    return " with its encoder frozen" if run.candidate.frozen_settings else ""


def _explain(runs: Sequence[CandidateRun], comparison: Comparison, best: int, metric: str) -> str:
    """Return the reason of a choice by cross-validation."""
    default = runs[0].candidate.name
    score = f"cross-validated {metric} {abs(comparison.scores[best]):.4f}"
    if best:
        return (
            f"{score}{_freezing(runs[best])}, {comparison.differences[best]:+.4f} against {default}, the default, with"
            f" a standard error of {comparison.standard_errors[best]:.4f}"
        )
    second = 1 + int(np.argmax(comparison.scores[1:]))
    return (
        f"{score}; {runs[second].candidate.name}{_freezing(runs[second])} has {comparison.differences[second]:+.4f}"
        f" with a standard error of {comparison.standard_errors[second]:.4f}, and the default wins ties"
    )
