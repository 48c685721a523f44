"""The model card of a bundle, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kerascnn.bundle import Bundle
from kerascnn.config import Config
from kerascnn.evaluation.card_metadata import (
    FOLDER_PLACEHOLDER,
    build_encoder_metadata,
    build_metadata,
    format_metadata,
)  # fmt: skip
from kerascnn.tasks import Task
from kerascnn.utils.tables import escape_markdown, markdown_table

MAX_PAIRS = 10
"""Highest number of confused pairs of labels."""

TENSORFLOW_TEXT = (
    "Its text is read by operations of tensorflow-text: a program that serves it has to import that package, or"
    " link its operations, as TensorFlow Serving does."
)


def render_model_card(bundle: Bundle, sizes: Mapping[str, int] | None = None) -> str:
    """Return the ``README.md`` of a bundle: task, usage, data, metrics, settings; no text of the user.

    Args:
        bundle: The classifier. Without ``bundle.data``, as after a training in Python, the card names no sources.
        sizes: Name of each file to its bytes.
    """
    config, metrics = bundle.config, bundle.metrics
    needs_tensorflow_text = config.text.normalize != "none" or config.text.split in ("wordpiece", "sentencepiece")
    sections = [
        f"# {config.model} for {_join(config.data)}" if bundle.data else f"# {config.model}",
        f"{bundle.task.summary.format(len(bundle.labels))}: {_join(bundle.labels)}.",
        "## Usage",
        f"```python\nimport kerascnn\n\nclassifier = kerascnn.load(\"{FOLDER_PLACEHOLDER}\")\n"
        "classifier.predict_top_k([\"a text\"], k=3)\n```",
        *((TENSORFLOW_TEXT,) if needs_tensorflow_text else ()),
        *_format_data(bundle.data),
        *((_format_scripts(bundle),) if bundle.scripts else ()),
        "## Metrics",
        *_format_overall_metrics(bundle.task, metrics),
        "In brackets: 95 % confidence intervals by the bootstrap. The logits are divided by the temperature"
        f" {bundle.temperature:.3f} before the {bundle.task.activation}.",
        *(_format_metrics_per_class(bundle.task, metrics["test"]) if "test" in metrics else ()),
        "## Training",
        *((format_selection(metrics["selection"]),) if "selection" in metrics else ()),
        f"{format_cost(metrics)}, seed {config.seed}. All settings are in `config.yaml`"
        + (", the epochs in `history.csv`." if bundle.history else "."),
        *((config.network.weights_origin,) if config.network.weights_origin else ()),
        *((config.transfer.vectors_origin,) if config.transfer.vectors_origin else ()),
        *(f"{line}." for line in format_sentence_training(metrics)),
        *((format_linear_member(metrics["linear_member"]) + ".",) if "linear_member" in metrics else ()),
        *((format_linear_classifier(metrics["linear_classifier"]) + ".",) if "linear_classifier" in metrics else ()),
        *((format_refit(metrics["refit"]) + ".",) if "refit" in metrics else ()),
        *((_format_distillation(bundle.distillation),) if bundle.distillation else ()),
        *(("## Files", markdown_table(("file", "bytes"), [(name, f"{size:,}") for name, size in sizes.items()]))
          if sizes else ()),
    ]  # fmt: skip
    return format_metadata(build_metadata(bundle)) + "\n" + "\n\n".join(sections) + "\n"


def render_encoder_card(config: Config[Any], data: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return the ``README.md`` of a pretrained encoder.

    Args:
        config: The run.
        data: Split to its sources and rows, as in ``manifest.json``.
        metrics: As in ``metrics.json``.
    """
    held_out = metrics["validation"]
    kind = "TokenClassifier" if config.network.tags_tokens else "TextClassifier"
    sections = [
        f"# {config.model}, pretrained on {_join(config.data)}",
        "It has no labels yet. Train a classifier that starts from it:",
        f"```python\nfrom kerascnn import {kind}\nfrom kerascnn.hub import find_bundle\n\n"
        f'classifier = {kind}(init_from=find_bundle("{FOLDER_PLACEHOLDER}"))\n'
        "classifier.fit(texts, labels)\n```",
        "The option `--init-from` of the command `train` takes the folder.",
        *_format_data(data),
        "## Metrics",
        f"{held_out['accuracy']:.1%} of {held_out['tokens']:,} masked tokens of held-out documents are predicted"
        f" correctly; perplexity {held_out['perplexity']:.1f}.",
        "## Training",
        f"{format_cost(metrics)}, seed {config.seed}. All settings are in `config.yaml`, the epochs in `history.csv`.",
    ]
    return format_metadata(build_encoder_metadata(config.model)) + "\n" + "\n\n".join(sections) + "\n"


def _join(names: Iterable[str]) -> str:
    return ", ".join(map(escape_markdown, names))


def format_cost(metrics: Mapping[str, Any]) -> str:
    """Return a line about size, epochs and time of a training."""
    if metrics["epochs"]:
        training = f"{metrics['epochs']} epochs in {metrics['seconds']:.0f} s"
    else:
        training = f"solved in {metrics['seconds']:.2f} s"
    speed = f"{metrics['documents_per_second']:,.0f} documents/s"
    return f"{metrics['parameters']:,} parameters, {training} ({speed})"


def format_selection(facts: Mapping[str, Any]) -> str:
    """Return why a model was chosen, from ``selection`` of ``metrics.json``: a paragraph and a table of candidates."""
    lines = ["Chosen by `--model auto`: " + "; ".join(facts["reasons"]) + "."]
    if "candidates" in facts:
        lines.append(f"{facts['folds']}-fold cross-validation on {facts['rows']:,} training rows:")
        rows = [
            (row["name"], f"{row['score']:.4f}", f"{row['difference']:+.4f} ± {row['standard_error']:.4f}")
            for row in facts["candidates"]
        ]
        lines.append(markdown_table(("candidate", facts["metric"], "against the default"), rows))
    return "\n\n".join(lines)


def format_refit(values: Mapping[str, Any]) -> str:
    """Return a line about the second training, from ``refit`` of ``metrics.json``."""
    return (
        f"trained a second time, on all {values['rows']:,} rows; the metrics of the validation rows are those of the"
        " first training"
    )


def format_sentence_training(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a line about a contrastive training and a solved head, from ``metrics.json``; nothing without them."""
    if "solved_head" not in metrics:
        return ()
    head = f"a logistic regression on sentence vectors, solved in {metrics['solved_head']['seconds']:.1f} s"
    if "contrastive" in metrics:
        facts = metrics["contrastive"]
        tuned = f"encoder trained contrastively on {facts['rows']:,} rows: {facts['steps']:,} steps"
        return (f"{tuned} in {facts['seconds']:.0f} s; head: {head}",)
    return (f"head: {head}" + (", then trained with the encoder" if metrics["epochs"] else ""),)


def format_linear_classifier(values: Mapping[str, Any]) -> str:
    """Return a line about a linear classifier alone, from ``linear_classifier`` of ``metrics.json``."""
    return (
        f"linear classifier: tf-idf of n-grams{_and_vectors(values)}, {values['features']:,} features, LinearSVC with C"
        f" {values['cost']:g}"
    )


def format_linear_member(values: Mapping[str, Any]) -> str:
    """Return a line about the linear member, from ``linear_member`` of ``metrics.json``."""
    return (
        f"linear member: tf-idf of n-grams{_and_vectors(values)}, LinearSVC with C {values['cost']:g}, solved in"
        f" {values['seconds']:.1f} s; logits = network + {values['weight']:.3g} × linear member"
    )


def _and_vectors(values: Mapping[str, Any]) -> str:
    return " and word vectors" * bool(values.get("vectors"))


def _format_data(data: Mapping[str, Any]) -> tuple[str, str]:
    rows = [(name, f"{split['rows']:,}", _join(split["sources"])) for name, split in data.items()]
    return "## Data", markdown_table(("split", "rows", "sources"), rows)


def _format_scripts(bundle: Bundle) -> str:
    """Return a line about the scripts and the languages of the training texts."""
    scripts = ", ".join(f"{name} {fraction:.0%}" for name, fraction in bundle.scripts.items())
    languages = f"; languages, as far as the texts show them: {', '.join(bundle.languages)}" * bool(bundle.languages)
    return f"Scripts of the training texts: {scripts}{languages}."


def _format_overall_metrics(task: Task, metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a table with a line for each evaluated split, or nothing."""
    splits = {name: metrics[name] for name in ("validation", "test") if name in metrics}
    if not splits:
        return ()
    rows = [
        (name, f"{results['rows']:,}", *(_format_with_interval(results, key) for key in task.metric_titles))
        for name, results in splits.items()
    ]
    return (markdown_table(("split", "rows", *task.metric_titles.values()), rows),)


def _format_with_interval(results: Mapping[str, Any], key: str) -> str:
    """Return a metric with its confidence interval, if it has one."""
    low, high = results.get("intervals", {}).get(key, (None, None))
    return f"{results[key]:.4f}" + (f" ({low:.4f} to {high:.4f})" if low is not None else "")


def _format_distillation(distillation: Mapping[str, Any]) -> str:
    return (
        f"Distilled from {escape_markdown(distillation['teacher'] or 'probabilities given in Python')} at temperature"
        f" {distillation['temperature']:g}: the soft labels have"
        f" {distillation['weight']:.0%} of the weight in the loss, the labels the rest."
    )


def _format_metrics_per_class(task: Task, results: Mapping[str, Any]) -> Sequence[str]:
    columns = task.class_columns
    rows = [
        (escape_markdown(name), *(f"{values[key]:.3f}" for key in columns), f"{values['support']:,}")
        for name, values in results["per_class"].items()
    ]
    pairs = [
        (escape_markdown(true), escape_markdown(predicted), f"{rows:,}", f"{part:.1%}")
        for true, predicted, rows, part in task.confused_pairs(results, MAX_PAIRS)
    ]
    head = ("true", "predicted", "rows", "fraction of the true class")
    return (
        "On the test data, by class:",
        markdown_table(("class", *columns.values(), "rows"), rows),
        *(("![Confusion matrix](confusion_matrix.png)",) if "confusion_matrix" in results else ()),
        *(("Confused most often:", markdown_table(head, pairs)) if pairs else ()),
    )
