"""The runtimes that can answer for a bundle, and which of them to use."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

from kerascnn.utils.arguments import shorten
from kerascnn.utils.errors import InputError, list_choices
from kerascnn.utils.optional_packages import is_installed

Runtime = Literal["auto", "tensorflow", "tflite", "onnx"]

EDGE = "edge"
"""Folder of the TFLite export in a bundle."""
ONNX = "onnx"
"""Folder of the ONNX export in a bundle."""
EXACT_MODEL = "model_float32.tflite"
"""The TFLite file that answers as TensorFlow does."""
PACKAGES = {"tensorflow": "tensorflow", "tflite": "ai_edge_litert", "onnx": "onnxruntime"}
"""Runtime to its module."""
REMEDIES = {
    "tensorflow": 'pip install "tensorflow>=2.21"',
    "tflite": 'pip install "kerascnn[edge]", or pip install ai-edge-litert',
    "onnx": 'pip install "kerascnn[onnx]", or pip install onnxruntime',
}
"""Runtime to the way to install it."""
EXPORT_FILES = {
    "tflite": tuple(f"{EDGE}/{name}" for name in (
        "edge.json", "golden.json", "labels.txt", "vocabulary.txt", "characters.txt", "sentencepiece.model",
        EXACT_MODEL,
        *(f"model_{precision}.tflite" for precision in ("float16", "dynamic", "int8")),
    )),
    "onnx": (f"{ONNX}/files.json", f"{ONNX}/model.onnx", f"{ONNX}/decoder.json"),
}  # fmt: skip
"""Runtime to the files that it reads, as far as a bundle has them."""


def check_runtime(runtime: Any) -> Runtime:
    """Return the name of a runtime.

    Raises:
        InputError: There is none with this name.
    """
    if not isinstance(runtime, str) or runtime not in get_args(Runtime):
        choices = list_choices(str(runtime), get_args(Runtime))
        raise InputError(f"runtime: no runtime is called {shorten(runtime)}{choices}")
    return runtime  # type: ignore[return-value]


def has_runtime(runtime: str) -> bool:
    """Return whether the package of a runtime is installed, without importing it."""
    return is_installed(PACKAGES[runtime])


def prefer_tensorflow(runtime: Runtime) -> Runtime:
    """Return the runtime for a bundle of the Hub, which may be a stranger's: TensorFlow for ``auto``, if it is there.

    Keras reads ``model.keras`` in its safe mode, and the manifest has its hash; an export has neither.

    Raises:
        InputError: The runtime, or every runtime, is not installed.
    """
    if runtime == "auto" and has_runtime("tensorflow"):
        return "tensorflow"
    names = tuple(EXPORT_FILES) if runtime == "auto" else (runtime,)
    if not any(map(has_runtime, names)):
        missing = "neither TensorFlow nor the runtime of an export" if runtime == "auto" else PACKAGES[runtime]
        remedies = "; or ".join(REMEDIES[name] for name in names)
        raise InputError(f"runtime {runtime}: {missing} is not installed; {remedies}")
    return runtime


def list_export_files(runtime: Runtime) -> list[str]:
    """Return the files of exports that a runtime may read; ``auto``: those of the runtimes that are installed."""
    names = [name for name in EXPORT_FILES if has_runtime(name)] if runtime == "auto" else [runtime]
    return [file for name in names for file in EXPORT_FILES.get(name, ())]


def find_exports(folder: Path) -> list[str]:
    """Return the runtimes for which a bundle has an export that answers as TensorFlow does, the fastest to start first.

    Args:
        folder: The bundle.
    """
    found = {"tflite": folder / EDGE / EXACT_MODEL, "onnx": folder / ONNX / "model.onnx"}
    return [name for name, path in found.items() if path.is_file()]


def find_edge_folder(folder: Path) -> Path:
    """Return the folder of the TFLite export of a bundle.

    Raises:
        InputError: The bundle has none.
    """
    edge = folder / EDGE
    if not (edge / "edge.json").is_file():
        raise InputError(
            f"{folder}: has no folder {EDGE}; run python -m pipelines.export {folder} --format tflite, or use --runtime"
            " tensorflow"
        )
    return edge


def find_onnx_file(folder: Path) -> Path:
    """Return the ONNX file of a bundle.

    Raises:
        InputError: The bundle has none.
    """
    path = folder / ONNX / "model.onnx"
    if not path.is_file():
        raise InputError(
            f"{folder}: has no {ONNX}/{path.name}; run python -m pipelines.export {folder} --format onnx, or use"
            " --runtime tensorflow"
        )
    return path


def choose_runtime(folder: Path, runtime: Runtime = "auto") -> Literal["tensorflow", "tflite", "onnx"]:
    """Return the runtime to use for a bundle.

    Args:
        folder: The bundle.
        runtime: ``auto``: an export that can run here and answers as TensorFlow does; without one, TensorFlow.

    Raises:
        InputError: The runtime, or every runtime, is not installed, or the bundle has no export for it.
    """
    if runtime == "auto":
        exports = find_exports(folder)
        for name in (*exports, "tensorflow"):
            if has_runtime(name):
                return name  # type: ignore[return-value]
        if exports:
            remedies = "; or ".join(REMEDIES[name] for name in exports)
            raise InputError(f"{folder}: neither TensorFlow nor the runtime of an export is installed; {remedies}")
        raise InputError(
            f"{folder}: has no export, and TensorFlow is not installed; run python -m pipelines.export {folder.name}"
            f" --format tflite where it is installed, and copy the folder again; or {REMEDIES['tensorflow']}"
        )
    if not has_runtime(runtime):
        raise InputError(f"runtime {runtime}: {PACKAGES[runtime]} is not installed; {REMEDIES[runtime]}")
    return runtime
