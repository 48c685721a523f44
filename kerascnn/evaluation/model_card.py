"""The model card: what a bundle is, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kerascnn.config import Config
from kerascnn.tasks import SINGLE_LABEL, Task

PAIRS = 10
"""Pairs of classes that are confused most."""

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
    *,
    task: Task = SINGLE_LABEL,
    temperature: float = 1.0,
    sizes: Mapping[str, int] | None = None,
) -> str:
    """The ``README.md`` of a bundle: task, data, figures, settings and how to use it; none of the user's texts.

    Args:
        config: The whole run.
        labels: Class names.
        data: Split to its sources and rows, as in ``manifest.json``.
        metrics: As in ``metrics.json``.
        distillation: As in ``manifest.json``.
        task: One label a text, or any number.
        temperature: What the logits are divided by.
        sizes: Name of each file to its bytes.
    """
    sections = [
        # texts that Python handed over have no source
        f"# {config.model} for {', '.join(config.data)}" if data else f"# {config.model}",
        f"{task.summary.format(len(labels))}: {', '.join(labels)}.",
        "## Use",
        "```python\nimport kerascnn\n\nclassifier = kerascnn.load(\"PATH OF THIS FOLDER\")\n"
        "classifier.predict_top_k([\"a text\"], k=3)\n```",
        *((TENSORFLOW_TEXT,) if config.text.normalize != "none" or config.text.split == "wordpiece" else ()),
        "## Data",
        table(("split", "rows", "sources"),
               [(name, f"{split['rows']:,}", ", ".join(split["sources"])) for name, split in data.items()]),
        "## Figures",
        *_figures(metrics),
        "In brackets: 95 % confidence intervals by the bootstrap. The logits are divided by the temperature"
        f" {temperature:.3f} before the {task.activation}.",
        *(_per_class(metrics["test"]) if "test" in metrics else ()),
        "## Training",
        f"{metrics['parameters']:,} parameters, {metrics['epochs']} epochs in {metrics['seconds']:.0f} seconds"
        f" ({metrics['documents_per_second']:,.0f} documents a second), seed {config.seed}."
        " All settings stand in `config.yaml`, the epochs in `history.csv`.",
        *((_taught(distillation),) if distillation else ()),
        *(_files(sizes) if sizes else ()),
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


def _figures(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """A line for each split that was measured."""
    from kerascnn.evaluation.metrics import titles  # scikit-learn, which a --help does without

    measured = {name: figures for name, figures in metrics.items() if isinstance(figures, Mapping)}
    if not measured:
        return ()
    shown = titles(next(iter(measured.values())))
    rows = [(name, f"{figures['rows']:,}", *(_figure(figures, key) for key in shown))
            for name, figures in measured.items()]  # fmt: skip
    return (table(("split", "rows", *shown.values()), rows),)


def _figure(figures: Mapping[str, Any], key: str) -> str:
    """A figure with its confidence interval, if it has one."""
    low, high = figures.get("intervals", {}).get(key, (None, None))
    return f"{figures[key]:.4f}" + (f" ({low:.4f} to {high:.4f})" if low is not None else "")


def _files(sizes: Mapping[str, int]) -> tuple[str, ...]:
    return "## Files", table(("file", "bytes"), [(name, f"{size:,}") for name, size in sizes.items()])


def _taught(distillation: Mapping[str, Any]) -> str:
    return (
        f"Distilled from {distillation['teacher'] or 'probabilities given in Python'} at temperature"
        f" {distillation['temperature']:g}, with {distillation['weight']:.0%} of the loss; the labels have the rest."
    )


def _per_class(figures: Mapping[str, Any]) -> tuple[str, ...]:
    from kerascnn.evaluation.metrics import confused

    some = next(iter(figures["per_class"].values()))
    columns = {"precision": "precision", "recall": "recall", "f1": "F1", "threshold": "given from"}
    columns = {key: title for key, title in columns.items() if key in some}
    rows = [(name, *(f"{values[key]:.3f}" for key in columns), f"{values['support']:,}")
            for name, values in figures["per_class"].items()]  # fmt: skip
    pairs = [(true, said, f"{rows:,}", f"{part:.1%}") for true, said, rows, part in confused(figures, PAIRS)]
    return (
        "On the test data, by class:",
        table(("class", *columns.values(), "rows"), rows),
        *(("![Confusion matrix](confusion_matrix.png)",) if "confusion_matrix" in figures else ()),
        *(("Confused most:", table(("true", "predicted", "rows", "of the true class"), pairs)) if pairs else ()),
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
