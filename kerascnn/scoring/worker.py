"""Scores one part after the other: the same code in the command's own process and in Ray's actors."""

from __future__ import annotations

import itertools
import json
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import pyarrow
import pyarrow.parquet

from kerascnn.config import SourceConfig
from kerascnn.data.records import BadRow
from kerascnn.scoring import arrow_tables, parts
from kerascnn.scoring.output_columns import OutputSpec, unique_column
from kerascnn.scoring.parts import Part
from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError

if TYPE_CHECKING:
    from kerascnn import TextClassifier

GROUP_BYTES = 64_000_000
"""Bytes of a row group of Parquet, about: small ones are slow to read, and each is held in memory."""

ATTEMPTS = 4
"""Times that a part is begun whose workers die; one that kills them all must not be tried for ever."""


@dataclass(frozen=True, kw_only=True)
class ScoringJob:
    """What is to be done with every part.

    Attributes:
        bundle: Folder of the classifier, absolute.
        manifest: Hash of its manifest, which holds those of its files.
        source: How parts are read.
        output_spec: What is said of each text.
        marker: A file in the folder of the answers, by which a worker knows that it sees that folder.
    """

    bundle: str
    manifest: str
    source: SourceConfig
    output_spec: OutputSpec
    marker: str

    def provenance(self) -> dict[str, Any]:
        """All that the answers depend on, but for the part, ready for JSON."""
        settings = {name: getattr(self.source, name) for name in ("text_column", "format", "encoding")}
        return {"bundle": self.manifest, "settings": settings | vars(self.output_spec)}


class PartResult(NamedTuple):
    """What became of a part.

    Attributes:
        output: The part's, by which it is known.
        rows: Rows that were answered.
        rejected: Rows that could not be read.
        error: Why there are no answers; empty, if there are.
    """

    output: str
    rows: int = 0
    rejected: int = 0
    error: str = ""


class PartScorer:
    """A classifier, loaded for the first part, that answers parts.

    Args:
        job: What is to be done.
    """

    def __init__(self, job: ScoringJob) -> None:
        self.job = job

    @cached_property
    def classifier(self) -> TextClassifier:
        """The classifier.

        Raises:
            InputError: The bundle cannot be loaded, or is not the one of the job.
        """
        from kerascnn import load

        classifier = load(self.job.bundle)
        if sha256(Path(self.job.bundle) / "manifest.json") != self.job.manifest:
            raise InputError(f"{self.job.bundle} was changed meanwhile, or is another on this machine; start again")
        return classifier

    def __call__(self, part: Part) -> PartResult:
        """Answer a part, whole or not at all.

        Raises:
            InputError: The bundle cannot be loaded; what is wrong with the part stands in the outcome.
        """
        classifier = self.classifier
        try:
            return self._score(classifier, part)
        except (InputError, OSError, pyarrow.ArrowException) as error:
            return PartResult(part.output, error=" ".join(str(error).split()))

    def _score(self, classifier: TextClassifier, part: Part) -> PartResult:
        if not os.path.exists(self.job.marker):
            raise InputError(f"{Path(part.output).parent} on {socket.gethostname()} is another folder than here")
        if (died := part.count_failed_attempts()) >= ATTEMPTS:
            raise InputError(f"{died} workers died over it, perhaps for want of memory; make smaller files of it")
        part.check_unchanged()
        answers, rejected = part.partial_path(Path(part.output)), part.partial_path(part.rejected_path)
        try:
            with open(rejected, "w", encoding="utf-8", newline="\n", errors="backslashreplace") as file:
                rejected_rows = _RejectedRows(file)
                rows = self._write_predictions(classifier, part, answers, rejected_rows)
            part.check_unchanged()
            if rejected_rows.rows:
                os.replace(rejected, part.rejected_path)
            else:
                part.rejected_path.unlink(missing_ok=True)
            # the last thing that happens: where the answers stand, all else does
            os.replace(answers, part.output)
        finally:
            answers.unlink(missing_ok=True)
            rejected.unlink(missing_ok=True)
        return PartResult(part.output, rows, rejected_rows.rows)

    def _write_predictions(
        self, classifier: TextClassifier, part: Part, path: Path, rejected_rows: _RejectedRows
    ) -> int:
        """Write the answers to a part; returns how many there are."""
        tables = arrow_tables.read_tables(part.path, self.job.source, rejected_rows)
        groups = _merge_tables(self._append_predictions(classifier, table) for table in tables)
        first, rows = next(groups), 0
        with pyarrow.parquet.ParquetWriter(path, first.schema) as writer:
            for table in itertools.chain([first], groups):
                writer.write_table(table)
                rows += len(table)
            said = parts.provenance(part, self.job.provenance()) | {"rows": rows, "rejected": rejected_rows.rows}
            writer.add_key_value_metadata({parts.METADATA_KEY: json.dumps(said)})
        return rows

    def _append_predictions(self, classifier: TextClassifier, table: pyarrow.Table) -> pyarrow.Table:
        """Rows and what is said of them."""
        output_spec, columns = self.job.output_spec, table.column_names
        texts = [text.replace("\0", " ") for text in table.column(self.job.source.text_column).to_pylist()]
        rows = output_spec.predict_columns(classifier, texts)
        has_lists = output_spec.has_lists(classifier.bundle_.task)
        for name in output_spec.column_names(len(classifier.classes_)):
            is_text = name.startswith("label") or (has_lists and output_spec.separator)
            kind = pyarrow.string() if is_text else pyarrow.float64()
            if has_lists and not output_spec.separator:
                kind = pyarrow.list_(kind)
            table = table.append_column(unique_column(name, columns), pyarrow.array([row[name] for row in rows], kind))
        return table


class _RejectedRows:
    """Where rows are written that cannot be read, a JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self.rows = 0
        self._file = file

    def __call__(self, bad: BadRow) -> None:
        self.rows += 1
        raw = bad.raw.rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        row = {"file": bad.file, "row": bad.number, "reason": bad.reason, "raw": raw}
        print(json.dumps(row, ensure_ascii=False), file=self._file)


def _merge_tables(tables: Iterable[pyarrow.Table]) -> Iterator[pyarrow.Table]:
    """Tables of about ``GROUP_BYTES`` made of smaller ones; at least one."""
    waiting: list[pyarrow.Table] = []
    for table in tables:
        waiting.append(table)
        if sum(piece.nbytes for piece in waiting) >= GROUP_BYTES:
            yield pyarrow.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pyarrow.concat_tables(waiting)
