"""Write the files of a tagger that are for people: model card and report."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from kerascnn.data.tag_schemes import has_spans, list_span_labels
from kerascnn.data.token_texts import join_tokens
from kerascnn.evaluation.card_metadata import FOLDER_PLACEHOLDER, build_metadata, format_metadata
from kerascnn.evaluation.evaluation_report import is_page
from kerascnn.evaluation.templates import load_template
from kerascnn.tagger_bundle import TaggerBundle
from kerascnn.tasks.span_metrics import TokenSpan, find_spans
from kerascnn.utils.atomic_files import atomic_path, write_json
from kerascnn.utils.tables import escape_markdown, markdown_table

MAX_EXAMPLES = 30
"""Most sentences with a mistake in a report."""
_COLORS = ("#aee4ff", "#ffd8a8", "#c3f0c2", "#f5c2e7", "#e2d4ff", "#ffc9c9", "#fff3a3", "#c5e8e0")


class TaggedExample(NamedTuple):
    """A sentence for the report.

    Attributes:
        tokens: Its tokens.
        tags: Their true tags.
        predicted: Their predicted tags.
    """

    tokens: Sequence[str]
    tags: Sequence[str]
    predicted: Sequence[str]


def write_tagger_files(bundle: TaggerBundle, folder: Path, examples: Sequence[TaggedExample]) -> None:
    """Write ``README.md`` and ``report.html``.

    Args:
        bundle: The tagger.
        folder: A folder that has the other files of the bundle.
        examples: Sentences; the report shows those with a mistake.
    """
    for name, text in (("README.md", render_tagger_card(bundle)), ("report.html", render_report(bundle, examples))):
        (folder / name).write_text(text, encoding="utf-8", errors="replace", newline="\n")


def render_tagger_card(bundle: TaggerBundle) -> str:
    """Return the model card of a tagger as Markdown."""
    config, labels = bundle.config, bundle.labels
    lines = [
        format_metadata(build_metadata(bundle)),
        f"# {bundle.task.summary.format(len(labels))}", "",
        f"`{config.model}` with {bundle.model.count_params():,} parameters, made by kerascnn.", "",
        f"Tags: {', '.join(escape_markdown(label) for label in labels)}.", "",
    ]  # fmt: skip
    if results := _find_results(bundle):
        for title, (headers, *rows) in _make_tables(results):
            lines += [f"## {title}", "", markdown_table(headers, rows), ""]
    lines += ["## Data", ""]
    for name, facts in bundle.data.items():
        sources = ", ".join(map(escape_markdown, facts["sources"]))
        lines.append(f"- {name}: {facts['rows']:,} sentences of {sources}")
    if origin := config.transfer.vectors_origin:
        lines += ["", origin]
    lines += [
        "", "## Use", "", "```python", "import kerascnn", "", f'tagger = kerascnn.load("{FOLDER_PLACEHOLDER}")',
        'tagger.predict_tokens(["a text"])', "```", "",
    ]  # fmt: skip
    return "\n".join(lines)


def write_new_report(
    bundle: TaggerBundle, path: Path, *, metrics: Mapping[str, Any], examples: Sequence[TaggedExample], heading: str
) -> None:
    """Write the report of a tagger on new data: a file NAME.html, or a folder for report.html and metrics.json.

    Args:
        bundle: The tagger.
        path: The file or the folder.
        metrics: Its metrics on the data.
        examples: Sentences; the report shows those with a mistake.
        heading: Names of tagger and data.
    """
    page = render_report(dataclasses.replace(bundle, metrics={**bundle.metrics, "test": metrics}), examples, heading)
    if not is_page(path):
        path.mkdir(parents=True, exist_ok=True)
    with atomic_path(path if is_page(path) else path / "report.html") as partial:
        partial.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    if not is_page(path):
        (path / "mistakes.csv").unlink(missing_ok=True)  # of an earlier report, whose texts this one may not show
        with atomic_path(path / "metrics.json") as partial:
            write_json(partial, metrics)


def render_report(bundle: TaggerBundle, examples: Sequence[TaggedExample], heading: str = "") -> str:
    """Return the report of a tagger as a web page."""
    results = _find_results(bundle)
    names = list_span_labels(bundle.labels)
    colors = {name: _COLORS[position % len(_COLORS)] for position, name in enumerate(names)}
    is_spans = has_spans(bundle.labels)
    wrong = [example for example in examples if list(example.tags) != list(example.predicted)]
    shown = [
        [("true", _mark(example.tokens, example.tags, colors, is_spans)),
         ("predicted", _mark(example.tokens, example.predicted, colors, is_spans))]
        for example in wrong[:MAX_EXAMPLES]
    ]  # fmt: skip
    return load_template("tagger_report.html.j2").render(
        title=heading or f"Tagger {bundle.config.model}", summary=bundle.task.summary.format(len(bundle.labels)),
        parameters=f"{bundle.model.count_params():,}", epochs=bundle.metrics.get("epochs", 0),
        tables=_make_tables(results) if results else [], examples=shown,
    )  # fmt: skip


def _find_results(bundle: TaggerBundle) -> dict[str, Any]:
    return next((bundle.metrics[name] for name in ("test", "validation") if name in bundle.metrics), {})


def _make_tables(results: Mapping[str, Any]) -> list[tuple[str, list[list[str]]]]:
    """Return title and cells of each table of the metrics; the first row of a table has the names of its columns."""
    has_f1 = "f1" in results
    names = ["token_accuracy", "sentence_accuracy", "macro_f1", "new_token_accuracy"]
    names = ["f1", "precision", "recall", *names] if has_f1 else names
    overall = [[name.replace("_", " "), f"{results[name]:.4f}"] for name in names if name in results]
    count = "spans" if has_f1 else "tokens"
    classes = [
        [name, *(f"{values[key]:.3f}" for key in ("precision", "recall", "f1")), f"{values['support']:,}"]
        for name, values in results["per_class"].items()
    ]
    tables = [
        ("Metrics", [["metric", "value"], *overall]),
        ("Labels", [["label", "precision", "recall", "F1", count], *classes]),
    ]
    for title, key, columns in (
        ("Most confused tags", "confused", ["true tag", "predicted tag", "tokens"]),
        ("Missed spans", "missed_spans", ["span", "label", "times"]),
        ("Spans that are none", "false_spans", ["span", "label", "times"]),
    ):
        if rows := results.get(key):
            tables.append((title, [columns, *(list(map(str, row)) for row in rows)]))
    return tables


def _mark(
    tokens: Sequence[str], tags: Sequence[str], colors: Mapping[str, str], is_spans: bool
) -> list[tuple[str, str, str]]:
    """Return the parts of a sentence, each with its label and color; both are empty between spans."""
    text, located = join_tokens(tokens)
    spans = find_spans(tags) if is_spans else [TokenSpan(tag, i, i + 1) for i, tag in enumerate(tags)]
    parts, position = [], 0
    for span in spans:
        start, end = located[span.start].start, located[span.end - 1].end
        parts += [
            (text[position:start], "", ""),
            (text[start:end], span.label or "span", colors.get(span.label, "#ddd")),
        ]
        position = end
    return [*parts, (text[position:], "", "")]
