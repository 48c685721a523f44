"""Write the files of a bundle that are for people: model card, report and confusion matrix."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from kerascnn.bundle import Bundle
from kerascnn.evaluation.explanation import Explanation
from kerascnn.evaluation.model_card import render_encoder_card, render_model_card
from kerascnn.evaluation.plots import plot_confusion_matrix
from kerascnn.evaluation.report import Example, render_report
from kerascnn.tagger_bundle import TaggerBundle


def write_report_files(
    bundle: Bundle,
    folder: Path,
    *,
    examples: Mapping[str, Sequence[Example]],
    explain: Callable[[str, int], Explanation],
) -> None:
    """Write ``README.md``, ``report.html`` and, with test metrics, ``confusion_matrix.png``.

    Args:
        bundle: The classifier.
        folder: A folder that has the other files of the bundle.
        examples: Documents for the report, as ``report.collect_examples`` returns them; may be empty.
        explain: Function from a text and the position of a label to the explanation of that label.
    """
    results = bundle.metrics.get("test", {})
    if "confusion_matrix" in results:
        with _optional(folder / "confusion_matrix.png") as path:
            plot_confusion_matrix(results["confusion_matrix"], bundle.labels, path)
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    with _optional(folder / "README.md") as path:
        path.write_text(render_model_card(bundle, sizes), encoding="utf-8", errors="replace", newline="\n")
    with _optional(folder / "report.html") as path:
        path.write_text(
            render_report(bundle, sizes, examples, explain), encoding="utf-8", errors="replace", newline="\n"
        )


@contextlib.contextmanager
def _optional(path: Path) -> Iterator[Path]:
    """Leave a file out if the block that writes it fails: no picture and no page may lose a trained model."""
    try:
        yield path
    except Exception as error:
        path.unlink(missing_ok=True)
        warnings.warn(f"{path.name} is left out, because it could not be written: {error!r}", stacklevel=3)


def write_encoder_card(encoder: Bundle | TaggerBundle, folder: Path) -> None:
    """Write the ``README.md`` of a pretrained encoder."""
    card = render_encoder_card(encoder.config, encoder.data, encoder.metrics)
    (folder / "README.md").write_text(card, encoding="utf-8", newline="\n")
