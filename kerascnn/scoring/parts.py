"""The parts of an input folder: files of rows, each with a Parquet file of predictions in the output folder."""

from __future__ import annotations

import glob
import json
import os
import socket
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kerascnn.data.config import SourceConfig
from kerascnn.data.readers import SUFFIXES
from kerascnn.utils.errors import InputError

METADATA_KEY = b"kerascnn"
"""Key of the Parquet metadata that holds the provenance of predictions as JSON, see ``provenance``."""
PARTIAL = ".partial"
REJECTED = ".rejected.jsonl"
MARKER = "marker"
PIECES = ".pieces"
"""Folder in the output folder for the predictions of pieces of files that are not finished."""
PieceUnit = Literal["", "bytes", "row_groups"]
PART_SUFFIXES = tuple(suffix for suffix in SUFFIXES if suffix != ".txt")


class Part(NamedTuple):
    """A file of rows in the input folder, or a piece of one, see ``splitting``.

    Attributes:
        path: Absolute path.
        size: Size in bytes, of the whole file.
        mtime_ns: Time of the last change in nanoseconds; size and time detect a change.
        output: Absolute path of the Parquet file of its predictions.
        unit: What ``start`` and ``stop`` count; empty: this is the whole file.
        header: Number of bytes before the first row, which all pieces share.
        start: Where the piece starts.
        stop: Where it ends.
    """

    path: str
    size: int
    mtime_ns: int
    output: str
    unit: PieceUnit = ""
    header: int = 0
    start: int = 0
    stop: int = 0

    @property
    def rejected_path(self) -> Path:
        """Path of the file of its rejected rows."""
        return Path(self.output.removesuffix(".parquet") + REJECTED)

    def partial_path(self, path: Path) -> Path:
        """Return the temporary path of an output file.

        It is unique to this process: even a worker that counts as dead, but still runs, writes to another file.
        """
        return path.with_name(f".{path.name}.{socket.gethostname().replace('.', '-')}-{os.getpid()}{PARTIAL}")

    @contextmanager
    def partial_outputs(self) -> Iterator[tuple[Path, Path]]:
        """Yield the temporary paths of the predictions and of the rejected rows; what is left of them is deleted."""
        predictions, rejected = self.partial_path(Path(self.output)), self.partial_path(self.rejected_path)
        try:
            yield predictions, rejected
        finally:
            predictions.unlink(missing_ok=True)
            rejected.unlink(missing_ok=True)

    def publish_outputs(self, predictions: Path, rejected: Path, *, rejected_count: int) -> None:
        """Move complete temporary files to their places, the predictions last: if they exist, everything else is done.

        Raises:
            InputError: The file has changed since it was listed.
        """
        self.check_unchanged()
        if rejected_count:
            os.replace(rejected, self.rejected_path)
        else:
            self.rejected_path.unlink(missing_ok=True)
        os.replace(predictions, self.output)

    def count_failed_attempts(self) -> int:
        """Return the number of processes that died while they scored this part in this run."""
        return len(list(self.rejected_path.parent.glob(f".{glob.escape(self.rejected_path.name)}.*{PARTIAL}")))

    def check_unchanged(self) -> None:
        """Check that the file is the same as when it was listed.

        Raises:
            InputError: The file cannot be read or has changed.
        """
        host = socket.gethostname()
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read on {host}: {error.strerror}") from None
        if (found.st_size, found.st_mtime_ns) != (self.size, self.mtime_ns):
            raise InputError(f"{self.path} changed during scoring, or differs on {host}; run the command again")


def list_parts(folder: Path, output: Path, source: SourceConfig) -> tuple[list[Part], list[str]]:
    """List the parts of a folder, sorted by name.

    Args:
        folder: Input folder. Files whose names start with ``.`` or ``_`` are ignored, as in Hadoop and Spark.
        output: Folder of the predictions.
        source: How to read the parts. With a ``format`` other than ``auto``, files with any suffix are parts.

    Returns:
        The parts, and the names of the files that are not parts.

    Raises:
        InputError: The folder holds parts and folders, or two parts have the same output file.
    """
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    paths = [path for path in entries if path.is_file() and _is_part(path, source)]
    folders = [path.name for path in entries if path.is_dir() and path.resolve() != output.resolve()]
    if paths and folders:
        raise InputError(
            f"{folder} holds both files of rows ({paths[0].name}) and folders ({folders[0]}); give a folder of files"
            " only"
        )
    outputs: dict[Path, Path] = {}
    for path in paths:
        predictions = output.absolute() / f"{_stem(path)}.parquet"
        if predictions in outputs:
            raise InputError(
                f"{outputs[predictions]} and {path} have the same output file {predictions.name}; rename one"
            )
        outputs[predictions] = path
    stats = {path: path.stat() for path in paths}
    parts = [
        Part(str(path.absolute()), stats[path].st_size, stats[path].st_mtime_ns, str(predictions))
        for predictions, path in outputs.items()
    ]
    return parts, [path.name for path in entries if path.is_file() and path not in stats]


def make_part(path: Path, output: Path, source: SourceConfig) -> Part | None:
    """Return a file of rows as the only part; None if its suffix is not that of a part.

    Args:
        path: The file.
        output: Folder of the predictions.
        source: How to read the file.
    """
    if not _is_part(path, source):
        return None
    stat = path.stat()
    predictions = output.absolute() / f"{_stem(path)}.parquet"
    return Part(str(path.absolute()), stat.st_size, stat.st_mtime_ns, str(predictions))


def _is_part(path: Path, source: SourceConfig) -> bool:
    return source.format != "auto" or path.name.lower().removesuffix(".gz").endswith(PART_SUFFIXES)


def _stem(path: Path) -> str:
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in SUFFIXES else name


def provenance(part: Part, job: dict[str, Any]) -> dict[str, Any]:
    """Return everything that the predictions of a part depend on; equal values mean equal predictions.

    Args:
        part: The scored part.
        job: Provenance of the job, see ``ScoringJob.provenance``.
    """
    piece = {"piece": [part.unit, part.start, part.stop]} if part.unit else {}
    return {"input": {"name": Path(part.path).name, "size": part.size, "mtime_ns": part.mtime_ns}, **piece, **job}


def read_finished(part: Part, job: dict[str, Any]) -> dict[str, Any] | None:
    """Return the metadata of the predictions of a part; None if they do not exist or are out of date.

    Args:
        part: Part of the input folder.
        job: Provenance of the job, see ``ScoringJob.provenance``.

    Raises:
        InputError: The output file was not written by kerascnn.
    """
    import pyarrow
    import pyarrow.parquet

    if not os.path.exists(part.output):
        return None
    try:
        value = (pyarrow.parquet.read_metadata(part.output).metadata or {}).get(METADATA_KEY)
    except (pyarrow.ArrowException, OSError):
        value = None
    if value is None:
        raise InputError(f"{part.output} exists and was not written by this command; choose another --output")
    metadata: dict[str, Any] = json.loads(value)
    expected = provenance(part, job)
    return metadata if {name: metadata.get(name) for name in expected} == expected else None


def marker_path(output: Path) -> Path:
    """Return the path of a new marker file; a worker that finds it sees the same output folder."""
    return output.absolute() / f".{MARKER}.{uuid.uuid4().hex}{PARTIAL}"


def remove_partial_files(output: Path, parts: Iterable[Part]) -> None:
    """Remove the partial files of interrupted runs from the output folder."""
    names = {MARKER, *(name for part in parts for name in (Path(part.output).name, part.rejected_path.name))}
    for path in output.glob(f".*{PARTIAL}"):
        name, _, _ = path.name[1:].removesuffix(PARTIAL).rpartition(".")
        if name in names:
            path.unlink(missing_ok=True)
