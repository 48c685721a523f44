"""Score one part after another; the process of the command and the actors of Ray share this code."""

from __future__ import annotations

import itertools
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import pyarrow
import pyarrow.parquet

from kerascnn.data.config import SourceConfig
from kerascnn.data.label_types import find_label_type
from kerascnn.data.records import BadRow
from kerascnn.runtimes.runtime import Runtime
from kerascnn.scoring import arrow_tables, parts
from kerascnn.scoring.arrow_tables import RowNumbers
from kerascnn.scoring.output_columns import OutputSpec, unique_column
from kerascnn.scoring.parts import Part
from kerascnn.scoring.splitting import open_piece
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError, to_one_line

if TYPE_CHECKING:
    from kerascnn.predictor import Predictor

ROW_GROUP_BYTES = 64_000_000
"""Approximate size of a Parquet row group: small ones are slow to read, and each is held in memory."""
LABEL_TYPES = {"str": pyarrow.string(), "int": pyarrow.int64(), "float": pyarrow.float64(), "bool": pyarrow.bool_()}
"""Arrow type of each type of labels, see ``data.label_types``."""
PIECE_OPTIONS: dict[str, Any] = {"compression": "none", "use_dictionary": False, "write_statistics": False}
"""Options of pyarrow for predictions of pieces, with which writing and reading takes a quarter of the time."""
END_OF_FILE = "unexpected end of data"
"""Part of the reason of ``csv`` for a quote that is open at the end."""
MAX_ATTEMPTS = 4
"""A part fails after this number of workers died while they scored it."""


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """What to do with each part.

    Attributes:
        bundle: Absolute path of the bundle.
        manifest: Hash of the manifest of the bundle, which holds the hashes of the other files.
        source: How to read the parts.
        output_spec: Columns to add to each row.
        marker: Absolute path of the marker file; a worker that finds it sees the same output folder.
        runtime: The runtime that predicts.
    """

    bundle: str
    manifest: str
    source: SourceConfig
    output_spec: OutputSpec
    marker: str
    runtime: Runtime = "tensorflow"

    def provenance(self) -> dict[str, Any]:
        """Return everything that the predictions depend on, except the part, as plain values for JSON."""
        settings = {name: getattr(self.source, name) for name in ("text_column", "format", "encoding")}
        return {"bundle": self.manifest, "runtime": self.runtime, "settings": settings | vars(self.output_spec)}


class CutRecordError(InputError):
    """A quote is open at the end of a piece: in the whole file, it may be closed later."""


class PartResult(NamedTuple):
    """Result of scoring a part.

    Attributes:
        output: ``Part.output``, which identifies the part.
        rows: Number of rows with predictions.
        rejected: Number of rows that could not be read.
        error: Reason if there are no predictions; otherwise empty.
        is_cut: There are no predictions, since the piece of a file may end inside a record: the file has to be scored
            as a whole.
    """

    output: str
    rows: int = 0
    rejected: int = 0
    error: str = ""
    is_cut: bool = False


class PartScorer:
    """Scores parts with a classifier, which is loaded for the first part.

    Args:
        job: What to do with each part.
    """

    def __init__(self, job: ScoringJob) -> None:
        self.job = job

    @cached_property
    def classifier(self) -> Predictor:
        """The classifier of the bundle.

        Raises:
            InputError: The bundle cannot be loaded, or is not the bundle of the job.
        """
        from kerascnn.loading import load  # imports TensorFlow, with the environment variables of the worker

        classifier = load(self.job.bundle, runtime=self.job.runtime)
        if sha256(Path(self.job.bundle) / "manifest.json") != self.job.manifest:
            raise InputError(
                f"{self.job.bundle} changed during scoring, or differs on {socket.gethostname()}; run the command again"
            )
        return classifier

    def __call__(self, part: Part) -> PartResult:
        """Score a part; its output file is written completely or not at all.

        Returns:
            The result; an error of the part is in the result.

        Raises:
            InputError: The bundle cannot be loaded.
        """
        classifier = self.classifier
        try:
            return self._score(classifier, part)
        except CutRecordError:
            return PartResult(part.output, is_cut=True)
        except (InputError, OSError, pyarrow.ArrowException) as error:
            return PartResult(part.output, error=to_one_line(error))
        except Exception as error:  # whatever is wrong with a part, the others are scored
            return PartResult(part.output, error=f"{type(error).__name__}: {to_one_line(error)}")

    def _score(self, classifier: Predictor, part: Part) -> PartResult:
        self._check(part)
        with part.partial_outputs() as (predictions, rejected):
            with open(rejected, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
                rejected_rows = _RejectedRows(file, part)
                rows = self._write_predictions(classifier, part, predictions, rejected_rows)
            part.publish_outputs(predictions, rejected, rejected_count=rejected_rows.count)
        return PartResult(part.output, rows, rejected_rows.count)

    def _check(self, part: Part) -> None:
        """Check that this process sees the output folder and the part, and that the part did not kill its workers."""
        if not os.path.exists(self.job.marker):
            raise InputError(
                f"{Path(part.output).parent} on {socket.gethostname()} is not the output folder of this run"
            )
        if (failures := part.count_failed_attempts()) >= MAX_ATTEMPTS:
            raise InputError(f"{failures} workers died, perhaps out of memory; split the file into smaller ones")
        part.check_unchanged()

    def _write_predictions(self, classifier: Predictor, part: Part, path: Path, rejected_rows: _RejectedRows) -> int:
        """Write the rows of a part with predictions and return their number."""
        numbers, groups_of_piece = RowNumbers(), range(part.start, part.stop) if part.unit == "row_groups" else None
        with open_piece(part) as (place, lines):
            tables = arrow_tables.read_tables(
                place, self.job.source, rejected_rows, row_groups=groups_of_piece, numbers=numbers
            )
            metadata = parts.provenance(part, self.job.provenance())

            def count() -> dict[str, int]:
                counts = {"rejected": rejected_rows.count}
                names = self.job.output_spec.column_names(len(classifier.classes_))
                facts = {"first": numbers.first, "last": numbers.last, "lines": lines, "columns": len(names)}
                return counts | (facts if part.unit else {})

            scored = (self._append_predictions(classifier, table) for table in tables)
            return write_tables(scored, path, metadata, count, is_piece=bool(part.unit))

    def _append_predictions(self, classifier: Predictor, table: pyarrow.Table) -> pyarrow.Table:
        output_spec, columns = self.job.output_spec, table.column_names
        texts = [text.replace("\0", " ") for text in table.column(self.job.source.text_column).to_pylist()]
        rows = output_spec.predict_columns(classifier, texts)
        has_lists = output_spec.has_lists(classifier.task)
        label_type = LABEL_TYPES[find_label_type(classifier.classes_.tolist())]
        for name in output_spec.column_names(len(classifier.classes_)):
            arrow_type = label_type if name.startswith("label") else pyarrow.float64()
            if has_lists:
                arrow_type = pyarrow.string() if output_spec.separator else pyarrow.list_(arrow_type)
            values = pyarrow.array([row[name] for row in rows], arrow_type)
            table = table.append_column(unique_column(name, columns), values)
        return table


class _RejectedRows:
    """Writes rows that cannot be read to a file, as JSON lines, and counts them."""

    def __init__(self, file: IO[str], part: Part) -> None:
        self.count = 0
        self._file, self._part = file, part

    def __call__(self, bad: BadRow) -> None:
        is_cut = self._part.unit == "bytes" and self._part.stop < self._part.size
        if is_cut and END_OF_FILE in bad.reason:
            raise CutRecordError(f"{self._part.path}: {bad.reason}")
        self.count += 1
        raw = bad.raw.rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        line = bad.line or bad.number
        row = {"file": self._part.path, "row": bad.number, "line": line, "reason": bad.reason, "raw": raw}
        print(json.dumps(row, ensure_ascii=False), file=self._file)


def write_tables(
    tables: Iterable[pyarrow.Table],
    path: Path,
    metadata: dict[str, Any],
    counts: Callable[[], dict[str, int]],
    *,
    is_piece: bool = False,
) -> int:
    """Write tables to a Parquet file, and return the number of their rows.

    Args:
        tables: At least one table.
        path: The file.
        metadata: Provenance of the predictions; the number of rows is added to it.
        counts: Called at the end; returns other numbers to add.
        is_piece: Whether the file is read only once, so that compression would not pay.
    """
    options = PIECE_OPTIONS if is_piece else {}
    groups, rows = _merge_tables(tables), 0
    first = next(groups)
    with pyarrow.parquet.ParquetWriter(path, first.schema, **options) as writer:
        for table in itertools.chain([first], groups):
            writer.write_table(table)
            rows += len(table)
        metadata = {**metadata, "rows": rows, **counts()}
        writer.add_key_value_metadata({parts.METADATA_KEY: json.dumps(metadata)})
    return rows


def _merge_tables(tables: Iterable[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    """Concatenate tables to tables of about ``ROW_GROUP_BYTES``; yields at least one."""
    pending: list[pyarrow.Table] = []
    for table in tables:
        pending.append(table)
        if sum(piece.nbytes for piece in pending) >= ROW_GROUP_BYTES:
            yield pyarrow.concat_tables(pending)
            pending = []
    if pending:
        yield pyarrow.concat_tables(pending)
