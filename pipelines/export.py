"""Export a bundle to other runtimes: TensorFlow Serving, TFLite, MediaPipe, a web page, ONNX."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.utils.errors import InputError
from kerascnn.utils.stderr import suppress_native_stderr
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.command import choose_log, parse, read_labelled_texts, read_task_and_labels, run

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle

Format = Literal["saved_model", "tflite", "mediapipe", "web", "onnx"]
FLOAT_FORMATS = ("saved_model", "onnx")
"""Formats that --quantize does not apply to."""


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the formats."""

    bundle: Annotated[str, tyro.conf.Positional]
    """Folder of the bundle, which also receives the exports."""
    format: tuple[Format, ...] = ()
    """saved_model: serving/VERSION for TensorFlow Serving; tflite: edge/ for phones and small computers; mediapipe:
    edge/ for MediaPipe's text classifier (word models); web: a page that classifies while you type; onnx: onnx/."""
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none",)
    """Precisions of the TFLite files, one file each."""
    calibration_data: tuple[str, ...] = ()
    """Data with texts to calibrate int8 on; none: the training data of the bundle."""
    verify: bool = False
    """Run every artifact of the bundle on its golden texts and print a table."""
    data: tuple[str, ...] = ()
    """With --verify: labelled data, to compare the artifacts on more than the golden texts."""
    json: bool = False
    """Print the table as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.export") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    if not args.format and not args.verify:
        raise InputError("nothing to do; give --format saved_model (or tflite, mediapipe, web, onnx), or --verify")
    log = choose_log(quiet=args.quiet)
    task, labels = read_task_and_labels(args.bundle)
    data = read_labelled_texts(args.data, args.source, task, labels, log) if args.data else ([], [])
    start_tensorflow()
    from kerascnn.classifier import load
    from kerascnn.experiment.run_data import read_calibration_texts
    from kerascnn.export import verify

    folder = Path(args.bundle)
    classifier = load(folder)
    bundle = classifier.bundle_
    texts = read_calibration_texts(bundle.config, args.calibration_data) if "int8" in args.quantize else []
    for name in args.format:
        log(f"wrote {_export(name, bundle, folder, args, texts)}")
    if args.verify:
        with suppress_native_stderr():
            rows = list(verify.compare_artifacts(classifier, folder, *data))
        print(json.dumps(rows) if args.json else verify.format_markdown(rows))


def _export(name: Format, bundle: Bundle, folder: Path, args: Arguments, texts: Sequence[str]) -> Path:
    """Export one format and return the file or folder that was written."""
    options = {} if name in FLOAT_FORMATS else {"quantize": args.quantize, "texts": texts}
    written: Path = importlib.import_module(f"kerascnn.export.{name}").export(bundle, folder, **options)
    return written


if __name__ == "__main__":
    run(main)
