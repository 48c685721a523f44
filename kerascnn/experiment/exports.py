"""Exports at the end of a training, with which a bundle answers without TensorFlow."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.data.records import TAGGING_TASK
from kerascnn.export.checks import Export, check_export
from kerascnn.manifest import read_classifier_manifest
from kerascnn.runtimes.runtime import EDGE, EXACT_MODEL, ONNX, has_runtime
from kerascnn.tasks import get_task
from kerascnn.utils.atomic_files import remove_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import Log, suppress_native_stderr
from kerascnn.utils.tensorflow_startup import start_tensorflow

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.config import Config
    from kerascnn.tagger_bundle import TaggerBundle
    from kerascnn.tasks import Task

FILES = {
    "auto": f"{EDGE}/{EXACT_MODEL}", "tflite": f"{EDGE}/{EXACT_MODEL}", "onnx": f"{ONNX}/model.onnx",
    "saved_model": "serving/*/saved_model.pb",
}  # fmt: skip
"""Format to a file of the bundle that it writes."""
MAX_PARAMETERS = 20_000_000
"""``auto`` does not export larger models: it would take long, and double a large folder."""


def check_exports(formats: Sequence[Export], config: Config[Any], task: Task, folder: Path) -> None:
    """Check the formats that the user chose, before the training.

    Args:
        formats: What to export; ``auto`` and ``none`` alone.
        config: The run.
        task: Task of the data.
        folder: Folder of the bundle.

    Raises:
        InputError: A format cannot express a setting, or its package is not installed.
    """
    if {"auto", "none"} & set(formats) and len(formats) > 1:
        raise InputError(f"--export {' '.join(formats)}: auto and none exclude other formats; give one of them")
    for name in formats:
        if name not in ("auto", "none"):
            check_export(name, folder=folder, task=task, text=config.text, quantize=("none",))


def write_exports(formats: Sequence[Export], bundle: Bundle | TaggerBundle, folder: Path, log: Log) -> None:
    """Export a bundle, and check that the exports answer as it does.

    Args:
        formats: What to export. ``auto``: TFLite, if its interpreter is installed, the model is not too large, and the
            format can express it.
        bundle: The classifier.
        folder: Its folder.
        log: Receives messages for the user.

    Raises:
        InputError: A format other than ``auto`` cannot be written; the bundle is complete without it.
    """
    for name in formats:
        if name == "auto":
            _write_edge(bundle, folder, log)
        elif name != "none":
            _write(name, bundle, folder)


def write_missing_exports(formats: Sequence[Export], config: Config[Any], folder: Path, log: Log) -> None:
    """Export a finished bundle to the formats that it does not have, as after an interruption.

    Args:
        formats: As for ``write_exports``.
        config: The run.
        folder: Folder of the bundle.
        log: Receives messages for the user.

    Raises:
        InputError: As ``check_exports`` and ``write_exports``.
    """
    missing = [name for name in formats if name != "none" and not any(folder.glob(FILES[name]))]
    if "auto" in missing and not has_runtime("tflite"):
        missing.remove("auto")
    if not missing:
        return
    check_exports(missing, config, get_task(read_classifier_manifest(folder)["task"]), folder)
    start_tensorflow()
    from kerascnn.loading import load
    from kerascnn.training.distributed import strategies

    if strategies.is_chief(config.training.strategy):
        write_exports(missing, load(folder).bundle_, folder, log)


def writes_edge(formats: Sequence[Export]) -> bool:
    """Return whether TFLite is among the exports of a training."""
    return "tflite" in formats or ("auto" in formats and has_runtime("tflite"))


def _write_edge(bundle: Bundle | TaggerBundle, folder: Path, log: Log) -> None:
    if not has_runtime("tflite") or bundle.model.count_params() > MAX_PARAMETERS:
        return
    try:
        check_export("tflite", folder=folder, task=bundle.task, text=bundle.config.text, quantize=("none",))
        _write("tflite", bundle, folder)
    except Exception as error:  # the bundle is complete: whatever is wrong with the export, it is not lost
        remove_folder(folder / EDGE)
        log(f"{folder / EDGE} was not written, so that predictions need TensorFlow: {' '.join(str(error).split())}")


def _write(name: str, bundle: Bundle | TaggerBundle, folder: Path) -> None:
    export_module(name, bundle.task).export(bundle, folder)
    if name in ("tflite", "onnx"):
        from kerascnn.loading import load

        with suppress_native_stderr():
            load(folder, runtime=name)  # type: ignore[call-overload]


def export_module(name: str, task: Task) -> Any:
    """Return the module that exports bundles of a task to a format."""
    prefix = "tagger_" if task.name == TAGGING_TASK else ""
    return importlib.import_module(f"kerascnn.export.{prefix}{name}")
