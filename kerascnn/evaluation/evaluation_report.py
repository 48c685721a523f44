"""The report of an evaluation on new data: that of a training, with other metrics and examples."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kerascnn.bundle import Bundle
from kerascnn.evaluation import plots
from kerascnn.evaluation.explanation import Explanation
from kerascnn.evaluation.report import GENERATOR, Example, render_report
from kerascnn.utils.atomic_files import atomic_path, check_output_file, check_output_parent, write_json
from kerascnn.utils.errors import InputError

PAGE_SUFFIXES = (".html", ".htm")
"""Suffixes of a report that is one file."""
REPORT_FILES = ("report.html", "metrics.json", "confusion_matrix.png")
"""Files of a report that is a folder."""


def is_page(path: Path) -> bool:
    """Return whether a report is one HTML file, and not a folder."""
    return path.suffix.lower() in PAGE_SUFFIXES


def list_report_files(path: Path) -> list[Path]:
    """Return the files that ``write_evaluation_report`` writes."""
    return [path] if is_page(path) else [path / name for name in REPORT_FILES]


def check_report_path(path: Path) -> None:
    """Check before any work that a report can be written.

    Raises:
        InputError: The file, or the folder, cannot be written, or the folder has files that are no report.
    """
    if is_page(path):
        check_output_file(path)
    elif path.exists() and not path.is_dir():
        raise InputError(f"{path}: a report is a file NAME.html or a folder; give another name")
    elif (path / "manifest.json").exists():
        raise InputError(f"{path} is a bundle, whose own report would be replaced; name another folder, or NAME.html")
    elif path.is_dir() and any(path.iterdir()) and not _is_report(path / "report.html"):
        raise InputError(f"{path} has files that are no report; name a new folder, or NAME.html")
    else:
        check_output_parent(path)


def _is_report(page: Path) -> bool:
    """Return whether a page is a report of this package, which a new one may replace."""
    if not page.is_file():
        return False
    with open(page, encoding="utf-8", errors="replace") as file:
        return GENERATOR in file.read(1024)


def write_evaluation_report(
    bundle: Bundle,
    path: Path,
    *,
    bundle_folder: Path,
    name: str,
    metrics: Mapping[str, Any],
    data: Mapping[str, Any],
    examples: Mapping[str, Sequence[Example]],
    explain: Callable[[str, int], Explanation],
) -> None:
    """Write a report: one HTML file, or a folder with ``report.html``, ``metrics.json`` and ``confusion_matrix.png``.

    Args:
        bundle: The classifier.
        path: File that ends in ``.html``, or folder.
        bundle_folder: Folder of the bundle.
        name: How the user named it, for the heading.
        metrics: Its metrics on the data.
        data: ``sources``, ``rows`` and ``sha256`` of the data.
        examples: Documents to show, as ``report.collect_examples`` returns them; may be empty.
        explain: Function from a text and the position of a label to the explanation of that label.
    """
    others = {name: values for name, values in bundle.metrics.items() if name not in ("validation", "test")}
    shown = dataclasses.replace(bundle, metrics={**others, "new": metrics}, data={**bundle.data, "new": dict(data)})
    sizes = {file.name: file.stat().st_size for file in sorted(bundle_folder.iterdir()) if file.is_file()}
    heading = f"{name} on {', '.join(data['sources'])}"
    page = render_report(shown, sizes, examples, explain, heading=heading)
    if not is_page(path):
        path.mkdir(parents=True, exist_ok=True)
    with atomic_path(path if is_page(path) else path / "report.html") as partial:  # first: it marks the folder
        partial.write_text(page, encoding="utf-8", errors="replace", newline="\n")
    if is_page(path):
        return
    (path / "mistakes.csv").unlink(missing_ok=True)  # of an earlier report, whose texts this one may not show
    with atomic_path(path / "metrics.json") as partial:
        write_json(partial, metrics)
    if "confusion_matrix" in metrics:
        with atomic_path(path / "confusion_matrix.png") as partial:
            plots.plot_confusion_matrix(metrics["confusion_matrix"], bundle.labels, partial)
