"""Write the files of a tagger that are for people."""

from __future__ import annotations

from pathlib import Path

from kerascnn.tagger_bundle import TaggerBundle


def write_tagger_files(bundle: TaggerBundle, folder: Path) -> None:
    """Write ``README.md``, the model card: what the tagger predicts, how well, and how to use it."""
    lines = [f"# {folder.name}", "", bundle.task.summary.format(len(bundle.labels)) + ".", ""]
    lines += [f"Tags: {', '.join(f'`{label}`' for label in bundle.labels)}", ""]
    for name in ("test", "validation"):
        if results := bundle.metrics.get(name):
            lines += [f"## Metrics of the {name} data", "", "```", bundle.task.format_metrics(results), "```", ""]
            for title, key in (("Confused tags", "confused"), ("Missed spans", "missed_spans")):
                if rows := results.get(key):
                    lines += [f"### {title}", "", *(f"- {a} → {b}: {count}" for a, b, count in rows), ""]
            break
    lines += [
        "## Model",
        "",
        f"`{bundle.config.model}`, {bundle.model.count_params():,} parameters, seed {bundle.config.seed}",
        "",
    ]
    for name, facts in bundle.data.items():
        lines.append(f"- {name}: {', '.join(facts['sources'])}, {facts['rows']:,} sentences")
    lines += ["", "## Use", "", "```python", "import kerascnn", "", 'tagger = kerascnn.load("FOLDER")',
              'tagger.predict_tokens(["a text"])', "```", ""]  # fmt: skip
    (folder / "README.md").write_text("\n".join(lines), encoding="utf-8", errors="replace", newline="\n")
