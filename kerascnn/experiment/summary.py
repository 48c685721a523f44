"""Closing lines of a finished run: metrics, cost, the folder that was written, and the next command."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle


def summarize_training(bundle: Bundle, folder: Path, *, has_edge: bool) -> str:
    """Return the closing lines of a training: test metrics, cost, calibration, folder and next command.

    Args:
        bundle: The classifier.
        folder: Its folder.
        has_edge: Whether it has, or gets, an export to TFLite.
    """
    # deferred: it imports TensorFlow
    from kerascnn.evaluation.model_card import (
        format_cost,
        format_linear_classifier,
        format_linear_member,
        format_refit,
        format_sentence_training,
    )

    metrics = bundle.metrics
    split = "test" if "test" in metrics else "validation"
    lines = ["", f"{split} data", "", bundle.task.format_metrics(metrics[split]), "", format_cost(metrics)]
    if "selection" in metrics:
        lines.append(f"model auto chose {metrics['selection']['reasons'][-1]}")
    lines += format_sentence_training(metrics)
    if "linear_member" in metrics:
        lines.append(format_linear_member(metrics["linear_member"]))
    if "linear_classifier" in metrics:
        lines.append(format_linear_classifier(metrics["linear_classifier"]))
    if "refit" in metrics:
        lines.append(format_refit(metrics["refit"]))
    if "uncalibrated_ece" in metrics:
        before, after = metrics["uncalibrated_ece"], metrics["validation"]["ece"]
        lines.append(
            f"calibration error on the validation data: {before:.3f} before and {after:.3f} after calibration, which"
            f" divides the logits by {bundle.temperature:.3g}"
        )
    if bundle.config.training.calibrate and (line := bundle.task.describe_thresholds(metrics["validation"])):
        lines.append(line)
    return "\n".join([*lines, suggest_next_steps(folder, has_edge=has_edge)])


def suggest_next_steps(folder: Path, *, has_edge: bool) -> str:
    """Return the last lines of a training: the bundle, its report, and the commands that use it."""
    export = "saved_model" if has_edge else "tflite"
    return "\n".join([
        f"wrote {folder}; next:",
        f"  open {folder / 'report.html'}",
        f'  python -m pipelines.predict {folder} "a text"',
        f"  python -m pipelines.export {folder} --format {export}",
    ])  # fmt: skip


def summarize_pretraining(metrics: Mapping[str, Any], folder: Path) -> str:
    """Return the closing lines of a pretraining: metrics of held-out texts, cost, folder and next command."""
    from kerascnn.evaluation.model_card import format_cost

    held_out = metrics["validation"]
    return "\n".join([
        "",
        f"{held_out['accuracy']:.1%} of {held_out['tokens']:,} masked tokens of held-out texts are predicted correctly;"
        f" perplexity {held_out['perplexity']:.1f}",
        format_cost(metrics),
        f"wrote {folder}; next: python -m pipelines.train --init-from {folder} --data train.csv",
    ])  # fmt: skip
