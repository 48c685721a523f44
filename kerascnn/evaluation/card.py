"""The model card: what a bundle is, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.config import Config

FIGURES = ("accuracy", "macro_f1", "loss", "ece")

TENSORFLOW_TEXT = (
    "Its text is read by operations of tensorflow-text: a program that serves it has to import that package, or"
    " link its operations, as TensorFlow Serving does."
)


def model_card(
    config: Config[Any],
    labels: Sequence[str],
    data: Mapping[str, Any],
    metrics: Mapping[str, Any],
    distillation: Mapping[str, Any] | None = None,
) -> str:
    """The ``README.md`` of a bundle: task, data, figures, settings and how to use it; none of the user's texts.

    Args:
        config: The whole run.
        labels: Class names.
        data: Split to its sources and rows, as in ``manifest.json``.
        metrics: As in ``metrics.json``.
        distillation: As in ``manifest.json``.
    """
    sections = [
        f"# {config.model} for {', '.join(config.data)}",
        f"Classifies text into {len(labels)} classes: {', '.join(labels)}.",
        "## Use",
        "```python\nimport kerascnn\n\nclassifier = kerascnn.load(\"PATH OF THIS FOLDER\")\n"
        "classifier.predict_top_k([\"a text\"], k=3)\n```",
        *((TENSORFLOW_TEXT,) if config.text.normalize != "none" or config.text.split == "wordpiece" else ()),
        "## Data",
        table(("split", "rows", "sources"),
               [(name, f"{split['rows']:,}", ", ".join(split["sources"])) for name, split in data.items()]),
        "## Figures",
        table(("split", "rows", "accuracy", "macro-F1", "loss", "calibration error"),
               [(name, f"{figures['rows']:,}", *(f"{figures[key]:.4f}" for key in FIGURES))
                for name, figures in metrics.items() if isinstance(figures, Mapping)]),
        *(_per_class(metrics["test"]) if "test" in metrics else ()),
        "## Training",
        f"{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in {metrics['seconds']:.0f} seconds"
        f" ({metrics['documents_per_second']:,.0f} documents a second), seed {config.seed}."
        " All settings stand in `config.yaml`, the epochs in `history.csv`.",
        *((_taught(distillation),) if distillation else ()),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def encoder_card(config: Config[Any], data: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """The ``README.md`` of a pretrained encoder."""
    held_out = metrics["validation"]
    sections = [
        f"# {config.model}, pretrained on {', '.join(config.data)}",
        "Knows no labels yet. A classifier starts from it:",
        "```bash\npython -m pipelines.train --init-from PATH_OF_THIS_FOLDER --data train.csv\n```",
        "## Data",
        table(("split", "rows", "sources"),
               [(name, f"{split['rows']:,}", ", ".join(split["sources"])) for name, split in data.items()]),
        "## Figures",
        f"Of {held_out['tokens']:,} hidden tokens of held-out documents {held_out['accuracy']:.1%} were named right;"
        f" perplexity {held_out['perplexity']:.1f}.",
        "## Training",
        f"{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in {metrics['seconds']:.0f} seconds, seed"
        f" {config.seed}. All settings stand in `config.yaml`, the epochs in `history.csv`.",
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def _taught(distillation: Mapping[str, Any]) -> str:
    return (
        f"Distilled from {distillation['teacher'] or 'probabilities given in Python'} at temperature"
        f" {distillation['temperature']:g}, with {distillation['weight']:.0%} of the loss; the labels have the rest."
    )


def _per_class(figures: Mapping[str, Any]) -> tuple[str, ...]:
    rows = [(name, *(f"{values[key]:.3f}" for key in ("precision", "recall", "f1")), f"{values['support']:,}")
            for name, values in figures["per_class"].items()]  # fmt: skip
    return (
        "On the test data, by class:",
        table(("class", "precision", "recall", "F1", "rows"), rows),
        "![Confusion matrix](confusion_matrix.png)",
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
