"""Turn a bundle into what runs elsewhere: TensorFlow Serving, TFLite, MediaPipe, a web page, ONNX."""

from __future__ import annotations

import importlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from kerascnn.config import SourceConfig
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import log, suppress_native_stderr
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import load_labelled_texts, parse, run

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle

Format = Literal["saved_model", "tflite", "mediapipe", "web", "onnx"]
MODULES: dict[Format, str] = {
    "saved_model": "saved_model",
    "tflite": "tflite",
    "mediapipe": "mediapipe",
    "web": "web",
    "onnx": "onnx",
}
CALIBRATION_TEXTS = 300


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """What to export, and to what."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder that training wrote; exports are written into it."""
    format: tuple[Format, ...] = ()
    """saved_model: serving/VERSION for TensorFlow Serving; tflite: edge/ for phones and small computers; mediapipe:
    edge/ for MediaPipe's text classifier (word models); web: a page that classifies as you type; onnx: onnx/."""
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none",)
    """Precision of TFLite files, one file each."""
    calibration_data: tuple[str, ...] = ()
    """Data whose texts int8 is calibrated on; none: the training data of the bundle."""
    verify: bool = False
    """Run every artifact of the bundle on its golden texts and print a table."""
    data: tuple[str, ...] = ()
    """With --verify: labelled data, to compare artifacts on more than the golden texts."""
    json: bool = False
    """Print the table as JSON."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.export") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    if not args.format and not args.verify:
        raise InputError("nothing to do; give --format saved_model (or tflite, mediapipe, web, onnx), or --verify")
    start_tensorflow()
    from kerascnn import load
    from kerascnn.export import verify

    folder = Path(args.bundle)
    classifier = load(folder)
    texts = _calibration_texts(classifier.bundle_, args.calibration_data) if "int8" in args.quantize else []
    for name in args.format:
        written = _export(name, classifier.bundle_, folder, args, texts)
        log(f"wrote {written}")
    if args.verify:
        documents = load_labelled_texts(args.data, args.source, classifier.bundle_) if args.data else ([], [])
        with suppress_native_stderr():
            rows = list(verify.compare_artifacts(classifier, folder, *documents))
        print(json.dumps(rows) if args.json else verify.format_markdown(rows))


def _export(name: Format, bundle: Bundle, folder: Path, args: Arguments, texts: Sequence[str]) -> Path:
    module = importlib.import_module(f"kerascnn.export.{MODULES[name]}")
    if name in ("saved_model", "onnx"):
        return module.export(bundle, folder)
    return module.export(bundle, folder, quantize=args.quantize, texts=texts)


def _calibration_texts(bundle: Bundle, data: tuple[str, ...]) -> list[str]:
    """Some training texts, always the same ones."""
    from kerascnn.data.sources import read_rows
    from kerascnn.data.splits import load_splits

    config = bundle.config
    try:
        if data:
            rows = list(read_rows(data, config.source))
        else:
            rows = load_splits(config.data, config.validation_data, config.test_data, config.source).train
    except InputError as error:
        raise InputError(
            f"int8 is calibrated on training texts: {error}; or give others by --calibration-data"
        ) from None
    return [row.text for row in random.Random(0).sample(rows, min(len(rows), CALIBRATION_TEXTS))]


if __name__ == "__main__":
    run(main)
