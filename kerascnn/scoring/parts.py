"""The parts of a folder, where the answers to each go, and whether they stand there already."""

from __future__ import annotations

import glob
import json
import os
import socket
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from kerascnn.config import SourceConfig
from kerascnn.data.readers import SUFFIXES
from kerascnn.utils.errors import InputError

METADATA_KEY = b"kerascnn"
"""Under it a file of answers says, as JSON, what they are the answers to; see ``provenance``."""
PARTIAL = ".partial"
REJECTED = ".rejected.jsonl"
MARKER = "marker"
ENDINGS = tuple(suffix for suffix in SUFFIXES if suffix != ".txt")


class Part(NamedTuple):
    """A file of rows.

    Attributes:
        path: Where it is, absolute.
        size: Its bytes, and
        mtime_ns: when it was last written, by which a change is known.
        output: Parquet file of its answers, absolute.
    """

    path: str
    size: int
    mtime_ns: int
    output: str

    @property
    def rejected_path(self) -> Path:
        """File of its rows that cannot be read."""
        return Path(self.output.removesuffix(".parquet") + REJECTED)

    def partial_path(self, path: Path) -> Path:
        """What is written until it is whole: nobody else writes there, not even a worker that was given up for dead."""
        return path.with_name(f".{path.name}.{socket.gethostname().replace('.', '-')}-{os.getpid()}{PARTIAL}")

    def count_failed_attempts(self) -> int:
        """How often it was begun since the folder was cleared and not ended: workers that died over it."""
        return len(list(self.rejected_path.parent.glob(f".{glob.escape(self.rejected_path.name)}.*{PARTIAL}")))

    def check_unchanged(self) -> None:
        """Make sure that the file is the one that was listed.

        Raises:
            InputError: It is not there, or was written since.
        """
        try:
            found = os.stat(self.path)
        except OSError as error:
            raise InputError(f"{self.path} cannot be read on {socket.gethostname()}: {error.strerror}") from None
        if (found.st_size, found.st_mtime_ns) != (self.size, self.mtime_ns):
            raise InputError(f"{self.path} was changed meanwhile, or {socket.gethostname()} has another; start again")


def list_parts(folder: Path, output: Path, source: SourceConfig) -> tuple[list[Part], list[str]]:
    """The parts of a folder in the order of their names.

    Args:
        folder: Where they are; files whose names begin with ``.`` or ``_`` are none, as in Hadoop and Spark.
        output: Folder of the answers.
        source: Its format, unless it is ``auto``, makes a part of every other file too.

    Returns:
        The parts, and the names of files that are none.

    Raises:
        InputError: Folders stand beside the parts, or the answers to two parts would have one name.
    """
    found = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "_")))
    paths = [path for path in found if path.is_file() and _is_part(path, source)]
    folders = [path.name for path in found if path.is_dir() and path.resolve() != output.resolve()]
    if paths and folders:
        raise InputError(
            f"{folder} holds files of rows ({paths[0].name}) and folders ({folders[0]}); give a folder of files alone"
        )
    outputs: dict[Path, Path] = {}
    for path in paths:
        answers = output.absolute() / f"{_stem(path)}.parquet"
        if answers in outputs:
            raise InputError(f"{outputs[answers]} and {path} would both become {answers.name}; rename one")
        outputs[answers] = path
    stats = {path: path.stat() for path in paths}
    parts = [
        Part(str(path.absolute()), stats[path].st_size, stats[path].st_mtime_ns, str(answers))
        for answers, path in outputs.items()
    ]
    return parts, [path.name for path in found if path.is_file() and path not in stats]


def _is_part(path: Path, source: SourceConfig) -> bool:
    return source.format != "auto" or path.name.lower().removesuffix(".gz").endswith(ENDINGS)


def _stem(path: Path) -> str:
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in SUFFIXES else name


def provenance(part: Part, job: dict[str, Any]) -> dict[str, Any]:
    """What answers depend on: two that have the same are the same.

    Args:
        part: What was answered.
        job: By whom and how, ready for JSON.
    """
    return {"input": {"name": Path(part.path).name, "size": part.size, "mtime_ns": part.mtime_ns}, **job}


def read_finished(part: Part, job: dict[str, Any]) -> dict[str, Any] | None:
    """What the answers to a part say of themselves; None, if there are none or they are no more right.

    Raises:
        InputError: A file of another origin stands in their place.
    """
    import pyarrow
    import pyarrow.parquet

    if not os.path.exists(part.output):
        return None
    try:
        said = (pyarrow.parquet.read_metadata(part.output).metadata or {}).get(METADATA_KEY)
    except (pyarrow.ArrowException, OSError):
        said = None
    if said is None:
        raise InputError(f"{part.output} exists and was not written by this command; choose another --output")
    found = json.loads(said)
    expected = provenance(part, job)
    return found if {name: found.get(name) for name in expected} == expected else None


def marker_path(output: Path) -> Path:
    """A new file in the folder of the answers, by which a worker knows that it sees that folder."""
    return output.absolute() / f".{MARKER}.{uuid.uuid4().hex}{PARTIAL}"


def remove_partial_files(output: Path, parts: Iterable[Part]) -> None:
    """Remove from the folder of the answers what interrupted runs left half written."""
    ours = {MARKER, *(name for part in parts for name in (Path(part.output).name, part.rejected_path.name))}
    for path in output.glob(f".*{PARTIAL}"):
        name, _, _ = path.name[1:].removesuffix(PARTIAL).rpartition(".")
        if name in ours:
            path.unlink(missing_ok=True)
