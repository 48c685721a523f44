"""Labelled data for a bundle: read with the columns of its training, and with its own labels."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.data.config import SourceConfig
from kerascnn.runtimes.runtime import Runtime, prefer_tensorflow
from kerascnn.text.escaped_lines import read_escaped_lines
from kerascnn.utils import stderr
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import is_address
from kerascnn.utils.stderr import Log
from pipelines.command import ArgumentsT, parse, read_bundle_config

if TYPE_CHECKING:
    from kerascnn.data.records import Row

COLUMNS = ("text_column", "label_column", "label_separator", "label_columns", "token_column", "tag_column")
"""Settings of ``source`` that name columns of the data of a bundle, which its training and its evaluation share."""


def parse_for_bundle(
    kind: type[ArgumentsT],
    prog: str,
    description: str | None,
    argv: Sequence[str] | None,
    *,
    bundles: Sequence[str] = ("bundle",),
    columns: Sequence[str] = COLUMNS,
    reads_columns: Callable[[Any], bool] = lambda args: True,
    is_written: bool = False,
) -> ArgumentsT:
    """Parse a command line; the columns of ``source`` that it does not name are those of the training of a bundle.

    Bundles that are named by their address on the Hugging Face Hub are downloaded.

    Args:
        kind: The dataclass, with a field ``source``.
        prog: Name of the command in its help, as the user typed it.
        description: What the command does, for its help.
        argv: The command line without the name; None: that of the process.
        bundles: Fields with folders of bundles; the first of them has the columns.
        columns: Which of ``COLUMNS`` the command reads.
        reads_columns: Returns whether the data that is named by the arguments has columns.
        is_written: Whether the command writes into the folder of the bundle, which then cannot be on the Hub.

    Raises:
        InputError: A bundle of the Hub cannot be downloaded, or the command would write into it.
    """
    args: Any = parse(kind, prog, description, argv)
    if is_written and is_address(args.bundle):
        raise InputError(
            f"{args.bundle}: this command writes into the folder of a bundle; load it in Python and save it first:"
            f" kerascnn.load({args.bundle!r}).save(FOLDER)"
        )
    folders: dict[str, Any] = {}
    if hasattr(args, "runtime") and is_address(args.bundle):
        folders["runtime"] = prefer_tensorflow(args.runtime)
    runtime = folders.get("runtime", "tensorflow")
    for name in bundles:
        folders[name] = download_bundle(getattr(args, name), runtime=runtime, quiet=args.quiet)
    if not reads_columns(args):
        fixed: ArgumentsT = dataclasses.replace(args, **folders)
        return fixed
    trained = _read_source(folders.get(bundles[0], getattr(args, bundles[0])))
    names = _drop_excluded(trained.list_changed(columns), args.source)
    if names:
        # a second time, because an option may have the value of the default
        source = dataclasses.replace(SourceConfig(), **{name: getattr(trained, name) for name in names})
        required = [field.name for field in dataclasses.fields(args) if _is_required(field)]
        create: Any = kind
        default = create(**{name: getattr(args, name) for name in required}, source=source)
        args = parse(kind, prog, description, argv, default=default)
    if trained.normalize_labels and not args.source.normalize_labels:
        args = dataclasses.replace(args, source=dataclasses.replace(args.source, normalize_labels=True))
    parsed: ArgumentsT = dataclasses.replace(args, **folders)
    return parsed


class DownloadedFolder(str):
    """Path of a bundle in the cache of the Hub, with the address that the user gave, for what is shown."""

    address: str


def download_bundle(bundle: str, *, runtime: Runtime = "tensorflow", quiet: bool = False) -> str:
    """Return the folder of a bundle; one that is named by its address on the Hub is downloaded.

    Args:
        bundle: Folder or address.
        runtime: The runtime that will answer, whose export is downloaded, too.
        quiet: Show no progress.

    Raises:
        InputError: It cannot be downloaded.
    """
    if not is_address(bundle):
        return bundle
    from kerascnn import hub

    folder = DownloadedFolder(hub.download_bundle(bundle, runtime=runtime, verbose=not quiet))
    folder.address = bundle
    return folder


def name_bundle(folder: str) -> str:
    """Return how the user named a bundle, for outputs: an address of the Hub, not the folder of its cache."""
    return folder.address if isinstance(folder, DownloadedFolder) else str(Path(folder))


def _drop_excluded(names: Sequence[str], given: SourceConfig) -> list[str]:
    """Return settings without those that exclude each other with one on the command line."""
    if given.label_columns:
        excluded = ["label_separator"]
    else:
        excluded = ["label_columns"] * bool(given.list_changed(("label_column", "label_separator")))
    return [name for name in names if name not in excluded]


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _read_source(folder: str) -> SourceConfig:
    """Return how the training of a bundle read its data; the defaults if there is no bundle, which is found later."""
    from kerascnn.manifest import read_manifest

    try:
        read_manifest(Path(folder))
        return read_bundle_config(folder).source
    except (InputError, OSError):
        return SourceConfig()


def read_labelled_rows(data: tuple[str, ...], source: SourceConfig, folder: str, log: Log = stderr.log) -> list[Row]:
    """Read the rows to evaluate a classifier on, and log which rows are left out.

    Args:
        data: Sources, as for training.
        source: How to read them.
        folder: Folder of the bundle.
        log: Receives messages for the user.

    Raises:
        InputError: The data cannot be read, or has a label that the classifier does not have.
    """
    from kerascnn.data.sources import read_rows
    from kerascnn.data.tfds import start_tensorflow_for
    from kerascnn.data.validation import select_evaluation_rows
    from kerascnn.manifest import read_classifier_manifest
    from kerascnn.tasks import get_task

    start_tensorflow_for(data)
    manifest = read_classifier_manifest(Path(folder))
    rows, messages = select_evaluation_rows(
        read_rows(data, source), read_escaped_lines(Path(folder) / "labels.txt"), task=get_task(manifest["task"]),
        label_type=manifest["label_type"],
    )  # fmt: skip
    for message in messages:
        log(message)
    return rows
