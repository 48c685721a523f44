"""Merge the predictions of the pieces of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from kerascnn.data.readers import detect_format
from kerascnn.scoring.output_columns import unique_column
from kerascnn.scoring.parts import Part, provenance, read_finished, remove_partial_files
from kerascnn.scoring.splitting import split_part
from kerascnn.scoring.worker import PartResult, ScoringJob, write_tables


class SplitParts:
    """The parts of a run as the pieces that workers score.

    Args:
        parts: The parts that are not finished.
        job: What to do with them.
        piece_bytes: Approximate size of a piece; 0: parts are not split.

    Attributes:
        waiting: Pieces to score, and parts that are not split.
    """

    def __init__(self, parts: Sequence[Part], job: ScoringJob, piece_bytes: int) -> None:
        self.waiting: list[Part] = []
        self._job = job
        self._parts: dict[str, Part] = {}  # output of a piece to the part
        self._pieces: dict[str, list[Part]] = {}  # output of a part to its pieces
        self._missing: dict[str, set[str]] = {}  # output of a part to the outputs of its pieces without predictions
        for part in parts:
            pieces = split_part(part, job.source, piece_bytes) if piece_bytes else [part]
            if len(pieces) == 1:
                self.waiting.append(part)
            else:
                self._add_pieces(part, pieces)

    def take_waiting(self) -> list[Part]:
        """Return the pieces and parts to score now."""
        taken, self.waiting = self.waiting, []
        return taken

    def add_result(self, result: PartResult) -> PartResult | None:
        """Note the result of a piece or of a part.

        Returns:
            The result of a part; None if pieces are missing, or if the part has to be scored as a whole: then it waits.
        """
        part = self._parts.get(result.output)
        if part is None:
            return result
        if part.output not in self._missing:  # another piece failed, or was cut
            return None
        if result.error:  # its other pieces are kept for the next run
            del self._missing[part.output]
            return result._replace(output=part.output)
        if result.is_cut:
            del self._missing[part.output]
            self.waiting.append(part)
            return None
        self._missing[part.output].discard(result.output)
        if self._missing[part.output]:
            return None
        return merge_pieces(part, self._pieces[part.output], self._job)

    def _add_pieces(self, part: Part, pieces: list[Part]) -> None:
        folder = Path(pieces[0].output).parent
        folder.mkdir(parents=True, exist_ok=True)
        remove_partial_files(folder, pieces)
        remaining = [piece for piece in pieces if not read_finished(piece, self._job.provenance())]
        remaining = remaining or pieces[-1:]  # the pieces are merged when a result arrives
        self.waiting += remaining
        self._pieces[part.output] = pieces
        self._missing[part.output] = {piece.output for piece in remaining}
        self._parts |= {piece.output: part for piece in pieces}


def merge_pieces(part: Part, pieces: Sequence[Part], job: ScoringJob) -> PartResult:
    """Write the predictions and the rejected rows of a part, given those of all of its pieces in their order."""
    facts = [read_finished(piece, job.provenance()) or {} for piece in pieces]
    with part.partial_outputs() as (predictions, rejected):
        count = _merge_rejected(
            pieces, facts, rejected, is_table=detect_format(part.path, job.source) in ("csv", "tsv")
        )
        tables = _read_merged(pieces, job.output_spec.column_names(facts[0]["columns"] // 2))
        rows = write_tables(tables, predictions, provenance(part, job.provenance()), lambda: {"rejected": count})
        part.publish_outputs(predictions, rejected, rejected_count=count)
    for piece in pieces:
        Path(piece.output).unlink()
        piece.rejected_path.unlink(missing_ok=True)
    return PartResult(part.output, rows, count)


def _merge_rejected(pieces: Sequence[Part], facts: Sequence[dict[str, Any]], path: Path, *, is_table: bool) -> int:
    """Write the rejected rows of all pieces with their numbers in the whole file; return how many there are."""
    count = rows = lines = 0
    header = facts[1]["first"] - 1  # rows that each piece repeats
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for piece, numbers in zip(pieces, facts, strict=True):
            if numbers["rejected"]:
                for text in piece.rejected_path.read_text(encoding="utf-8").splitlines():
                    row = json.loads(text)
                    row["line"] += lines if is_table else rows
                    row["row"] += rows
                    print(json.dumps(row, ensure_ascii=False), file=file)
            count, lines = count + numbers["rejected"], lines + numbers["lines"]
            rows += numbers["last"] - header
    return count


def _read_merged(pieces: Sequence[Part], new_columns: Sequence[str]) -> Iterator[pyarrow.Table]:
    """Yield the rows of all pieces with the columns of all, null where a piece lacks one, and then the predictions."""
    schemas = [pyarrow.parquet.read_schema(piece.output) for piece in pieces]
    fields = {field.name: field for schema in schemas for field in list(schema)[: -len(new_columns)]}
    predictions = [
        field.with_name(unique_column(name, fields))
        for name, field in zip(new_columns, list(schemas[0])[-len(new_columns) :], strict=True)
    ]
    schema = pyarrow.schema([*fields.values(), *predictions])
    for piece in pieces:
        with pyarrow.parquet.ParquetFile(piece.output) as file:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                names = table.column_names[: -len(new_columns)]
                columns = dict(zip([*names, *(field.name for field in predictions)], table.columns, strict=True))
                nulls = (pyarrow.nulls(len(table), field.type) for field in schema)
                yield pyarrow.table(
                    [columns.get(field.name, empty) for field, empty in zip(schema, nulls, strict=True)], schema=schema
                )
