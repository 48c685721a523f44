"""Export a bundle to other runtimes: TensorFlow Serving, TFLite, MediaPipe, a web page, ONNX; or its word vectors."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import TAGGING_TASK
from kerascnn.experiment.exports import export_module
from kerascnn.experiment.run_data import read_calibration_texts, text_and_label_columns
from kerascnn.export.checks import QUANTIZED_FORMATS, check_export
from kerascnn.manifest import read_manifest, reject_ensemble
from kerascnn.settings import DataSources
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.stderr import Log, suppress_native_stderr
from kerascnn.utils.tensorflow_startup import start_tensorflow
from pipelines.bundle_data import parse_for_bundle, read_labelled_rows
from pipelines.command import choose_log, read_bundle_config, read_task_and_labels, run

if TYPE_CHECKING:
    from kerascnn.bundle import Bundle
    from kerascnn.config import Config
    from kerascnn.tasks import Task

Format = Literal["saved_model", "tflite", "mediapipe", "web", "onnx", "projector"]


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the formats."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle, which also receives the exports."""
    format: tuple[Format, ...] = ()
    """saved_model: serving/VERSION for TensorFlow Serving; tflite: edge/ for phones and small computers; mediapipe:
    edge/ for MediaPipe's text classifier (word models); web: a page that classifies while you type; onnx: onnx/;
    projector: projector/ with the vectors of the words, for TensorBoard."""
    quantize: tuple[Literal["none", "float16", "dynamic", "int8"], ...] = ("none",)
    """Precisions of the TFLite files, one file each."""
    calibration_data: DataSources = ()
    """Data with texts to calibrate int8 on; none: the training data of the bundle."""
    verify: bool = False
    """Run every artifact of the bundle on its golden texts and print a table."""
    data: DataSources = ()
    """With --verify: labelled data, to compare the artifacts on more than the golden texts."""
    json: bool = False
    """Print the table as JSON."""
    quiet: bool = False
    """Print results and errors only, no messages."""
    source: SourceConfig = field(default_factory=SourceConfig)


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.export") -> None:
    """Run the command."""
    args = parse_for_bundle(Arguments, prog, __doc__, argv, is_written=True)
    _check_options(args)
    log, folder = choose_log(quiet=args.quiet), Path(args.bundle)
    task, _ = read_task_and_labels(args.bundle)
    reject_ensemble(folder, read_manifest(folder))
    config = read_bundle_config(args.bundle)
    _check_formats(args, task, config)
    if task.name == TAGGING_TASK:
        _export_tagger(args, task, log)
        return
    with lock_output(folder) if args.format else contextlib.nullcontext():
        data = read_labelled_rows(args.data, args.source, args.bundle, log) if args.data else []
        texts = read_calibration_texts(config, args.calibration_data) if "int8" in args.quantize else []
        start_tensorflow()
        from kerascnn.export import verify
        from kerascnn.loading import load

        classifier = load(folder)
        bundle = classifier.bundle_
        with progress_bar(
            list(dict.fromkeys(args.format)), title="exporting", unit="formats", verbose=not args.quiet
        ) as formats:
            for name in formats:
                formats.set_description(f"exporting {name}")
                log(f"wrote {_export(name, bundle, folder, args, texts)}")
        if "projector" in args.format:
            log(f"next: tensorboard --logdir {folder / 'projector'} shows the words in its tab Projector")
        if {*args.format} - {"projector"} and not args.verify:
            log(f"next: python -m pipelines.export {folder} --verify compares the files with the bundle")
    if args.verify:
        with suppress_native_stderr():
            rows = list(verify.compare_artifacts(classifier, folder, *text_and_label_columns(data, task)))
        print(json.dumps(rows) if args.json else verify.format_markdown(rows))


def _export_tagger(args: Arguments, task: Task, log: Log) -> None:
    """Export and verify a tagger.

    Raises:
        InputError: A format or an option is not for taggers.
    """
    folder = Path(args.bundle)
    if args.data:
        raise InputError("--data: the artifacts of a tagger are compared on the golden texts; leave it out")
    with lock_output(folder) if args.format else contextlib.nullcontext():
        start_tensorflow()
        from kerascnn.export import tagger_verify
        from kerascnn.token_classifier import TokenClassifier

        tagger = TokenClassifier.load(folder)
        for name in dict.fromkeys(args.format):
            options = {"quantize": args.quantize} if name in QUANTIZED_FORMATS else {}
            log(f"wrote {export_module(name, task).export(tagger.bundle_, folder, **options)}")
        if args.format and not args.verify:
            log(f"next: python -m pipelines.export {folder} --verify compares the files with the bundle")
    if args.verify:
        with suppress_native_stderr():
            rows = list(tagger_verify.compare_artifacts(tagger, folder))
        print(json.dumps(rows) if args.json else tagger_verify.format_markdown(rows))


def _check_options(args: Arguments) -> None:
    """Check the options that need no bundle.

    Raises:
        InputError: Two of them exclude each other, or one has no effect.
    """
    if not args.format and not args.verify:
        raise InputError(
            "nothing to do; give --format saved_model (or tflite, mediapipe, web, onnx, projector), or --verify"
        )
    if args.quantize != ("none",) and not set(args.format) & set(QUANTIZED_FORMATS):
        raise InputError(f"--quantize applies to {', '.join(QUANTIZED_FORMATS)}; add one of them to --format")
    if args.calibration_data and "int8" not in args.quantize:
        raise InputError("--calibration-data is for int8; add --quantize int8")
    if args.data and not args.verify:
        raise InputError("--data compares the artifacts on labelled data; add --verify")


def _check_formats(args: Arguments, task: Task, config: Config[Any]) -> None:
    """Check the formats for a bundle: settings, packages and the folder.

    Raises:
        InputError: One of them cannot be written.
    """
    folder = Path(args.bundle)
    for name in args.format:
        check_export(name, folder=folder, task=task, text=config.text, quantize=args.quantize)
    if args.format and not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{folder} is read-only; copy the bundle to a folder that can be written")


def _export(name: Format, bundle: Bundle, folder: Path, args: Arguments, texts: Sequence[str]) -> Path:
    """Export one format and return the file or folder that was written."""
    options = {"quantize": args.quantize, "texts": texts} if name in QUANTIZED_FORMATS else {}
    written: Path = export_module(name, bundle.task).export(bundle, folder, **options)
    return written


if __name__ == "__main__":
    run(main)
