"""Write the pictures of a classifier as files, from its metrics, without the model and without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from kerascnn.evaluation.curve_plots import list_pictures
from kerascnn.evaluation.figures import Picture, PictureFormat
from kerascnn.manifest import check_files, read_classifier_manifest, read_history, read_metrics
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils.atomic_files import atomic_path


def write_plots(pictures: Iterable[Picture], folder: Path, formats: Sequence[PictureFormat]) -> list[Path]:
    """Write pictures into a folder, a file for each picture and format, and return the files.

    Args:
        pictures: The pictures, as ``curve_plots.list_pictures`` returns them.
        folder: The folder, created for the first picture if it does not exist.
        formats: Formats of the files.
    """
    written = []
    for picture in pictures:
        folder.mkdir(parents=True, exist_ok=True)
        for kind in dict.fromkeys(formats):
            path = folder / f"{picture.name}.{kind}"
            with atomic_path(path) as partial:
                picture.save(partial, kind)
            written.append(path)
    return written


def write_bundle_plots(bundle: Path, folder: Path, formats: Sequence[PictureFormat], split: str = "") -> list[Path]:
    """Write the pictures of the metrics of a bundle, and return the files.

    Args:
        bundle: Folder of the bundle.
        folder: Folder of the files, created if it does not exist.
        formats: Formats of the files.
        split: ``test`` or ``validation``; empty: test, or validation if there was no test data.

    Raises:
        InputError: The folder is not the bundle of a classifier, or a file of it is damaged.
    """
    check_files(bundle, read_classifier_manifest(bundle), ("metrics.json", "history.csv", "labels.txt"))
    metrics = read_metrics(bundle)
    split = split or next((name for name in ("test", "validation") if name in metrics), "")
    labels = read_escaped_lines(bundle / "labels.txt")
    return write_plots(list_pictures(metrics.get(split, {}), read_history(bundle), labels), folder, formats)
