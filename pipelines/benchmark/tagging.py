"""The accuracy benchmark of models with a label for each token: columns of the results, and their Markdown table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn import models
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import markdown_table
from pipelines.benchmark import results

COLUMNS = (
    "model", "data", "settings", "device", "seed", "sentences", "test_sentences", "token_accuracy",
    "new_token_accuracy", "precision", "recall", "span_f1", "validation_token_accuracy", "validation_span_f1",
    "parameters", "epochs", "seconds", "tokens_per_second", "model_keras_bytes",
)  # fmt: skip


def has_taggers(names: Sequence[str]) -> bool:
    """Return whether the models of a benchmark have a label for each token.

    Raises:
        InputError: Some have, and others have not.
    """
    taggers = [name for name in names if name in models.list_taggers()]
    if taggers and len(taggers) < len(names):
        others = ", ".join(name for name in names if name not in taggers)
        raise InputError(
            f"--models: {', '.join(taggers)} for a label of each token and {others} for labels of texts have different"
            " metrics; run the benchmark twice, with two --output files"
        )
    return bool(taggers)


def read_bundle(bundle: Path) -> dict[str, Any]:
    """Return the columns that the files of a tagger's bundle give."""
    metrics, manifest = read_json(bundle / "metrics.json"), read_json(bundle / "manifest.json")
    test, validation = metrics["test"], metrics.get("validation", {})
    return {
        "model": manifest["model"],
        "sentences": manifest["data"]["train"]["rows"],
        "test_sentences": test["rows"],
        **{name: test.get(name) for name in ("token_accuracy", "new_token_accuracy", "precision", "recall")},
        "span_f1": test.get("f1"),
        "validation_token_accuracy": validation.get("token_accuracy"),
        "validation_span_f1": validation.get("f1"),
        **{name: metrics[name] for name in ("parameters", "epochs", "tokens_per_second")},
        "seconds": round(metrics["seconds"], 2),
        "model_keras_bytes": (bundle / "model.keras").stat().st_size,
    }


def format_result(row: Mapping[str, Any]) -> str:
    """Return the metrics of a training for its line in the log."""
    spans = f"span F1 {row['span_f1']:.2%}, " if row["span_f1"] is not None else ""
    return f"{spans}token accuracy {row['token_accuracy']:.2%}"


def table(rows: Iterable[dict[str, str]]) -> str:
    """Return a Markdown table with one row per data set, model, settings and device, in the order of the results."""
    groups: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        groups[row["data"], row["model"], row["settings"], row["device"]].append(row)
    lines = []
    for (data, model, settings, device), runs in groups.items():
        notes = ", ".join([settings] * bool(settings) + [device] * (device != "CPU"))
        columns = ("token_accuracy", "new_token_accuracy", "span_f1")
        values = [[float(run[column]) for run in runs if run[column]] for column in columns]
        lines.append([
            data,
            f"{int(runs[0]['sentences']):,} / {int(runs[0]['test_sentences']):,}",
            f"{model} ({notes})" if notes else model,
            f"{int(runs[0]['parameters']) / 1e6:.1f}M",
            ", ".join(sorted({run["seed"] for run in runs}, key=int)),
            *(results.format_percent(column) if column else "" for column in values),
        ])  # fmt: skip
    head = (
        "data", "training / test sentences", "model", "parameters", "seeds", "token accuracy", "of new words", "span F1"
    )  # fmt: skip
    return markdown_table(head, lines)
