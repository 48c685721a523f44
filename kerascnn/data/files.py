"""Reads CSV, TSV, JSONL, Parquet and plain text, each plain or gzipped, a record at a time."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import json
import math
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import IO, cast

from kerascnn.config import Source
from kerascnn.data import labels
from kerascnn.data.rows import Record
from kerascnn.errors import InputError, did_you_mean

STDIN = "-"
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "txt",
}
# Far above any document, and low enough that a quote left open in a huge file ends in a message, not in swapping.
MAX_FIELD_CHARACTERS = 100_000_000
_GZIP_MAGIC = b"\x1f\x8b"
_JSONL = 'a line must be one object such as {"text": "…", "label": "…"}'


def read_file(path: str, source: Source, *, labelled: bool) -> Iterator[Record]:
    """Read the records of one file.

    Args:
        path: The file; ``-`` is standard input. Gzip is recognized by ``.gz`` or by its first bytes.
        source: Format, encoding and columns.
        labelled: Whether the columns of labels must be there; where not, only the text column must.

    Yields:
        A record a row, with all columns (Parquet: the needed ones where ``labelled``), in the order of the file.

    Raises:
        InputError: The file is damaged, or is not what its name or the settings say; the message names the row.
    """
    kind = _format(path, source)
    needed = source.columns if labelled else (source.text_column,)
    if kind == "txt":
        if labelled:
            raise InputError(f"{path} is plain text without labels; give csv, tsv, jsonl, parquet or a folder a class")
        return _read_txt(path, source)
    if kind == "jsonl":
        return _read_jsonl(path, source, needed)
    if kind == "parquet":
        return _read_parquet(path, source, needed)
    return _read_csv(path, source, needed, delimiter="\t" if kind == "tsv" else ",")


def read_lines(path: str, encoding: str, *, newline: str | None = None) -> Iterator[str]:
    """Decode a text file line by line.

    Args:
        path: The file, plain or gzipped; ``-`` is standard input.
        encoding: Any text encoding that Python knows; a UTF-8 BOM is skipped.
        newline: What ends a line, as in ``open``.

    Yields:
        Lines with their ends.

    Raises:
        InputError: The encoding is unknown or not that of the file, or the gzip data is damaged.
    """
    number = 0
    with _open_binary(path) as binary:
        text = _decoder(binary, encoding, newline)
        try:
            for line in text:
                number += 1
                yield line
        except UnicodeDecodeError as error:
            raise InputError(_wrong_encoding(path, number, encoding, error)) from None
        except UnicodeError as error:  # UTF-16 and UTF-32 without the mark that tells their byte order
            raise InputError(
                f"{path} is not {encoding}: {error}; try --source.encoding utf-8 or {encoding}-le"
            ) from None
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise InputError(
                f"{path}, row {number + 1}: damaged gzip data ({error}); copy or download the file again"
            ) from None
        finally:
            text.detach()  # or its destructor would close standard input


def _format(path: str, source: Source) -> str:
    if source.format != "auto":
        return source.format
    if path == STDIN:
        return "txt"
    suffix = PurePath(path.lower().removesuffix(".gz")).suffix
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: cannot tell the format from {repr(suffix) if suffix else 'a name without extension'}; "
            f"use {', '.join(SUFFIXES)} (also .gz) or say --source.format csv"
        )
    return SUFFIXES[suffix]


@contextlib.contextmanager
def _open_binary(path: str) -> Iterator[IO[bytes]]:
    try:
        binary = cast(io.BufferedReader, sys.stdin.buffer if path == STDIN else open(path, "rb"))  # noqa: SIM115
    except OSError as error:
        raise InputError(f"{path} cannot be opened: {error.strerror}") from None
    with contextlib.nullcontext() if path == STDIN else binary:
        zipped = path.endswith(".gz") or binary.peek(2).startswith(_GZIP_MAGIC)
        yield cast(IO[bytes], gzip.GzipFile(fileobj=binary)) if zipped else binary


def _decoder(binary: IO[bytes], encoding: str, newline: str | None) -> io.TextIOWrapper:
    codec = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
    try:
        return io.TextIOWrapper(binary, encoding=codec, newline=newline)
    except LookupError:
        raise InputError(
            f"{encoding!r} is not a text encoding that Python knows; --source.encoding takes utf-8, gb18030, cp1252, …"
        ) from None


def _wrong_encoding(path: str, lines_read: int, encoding: str, error: UnicodeDecodeError) -> str:
    # TextIOWrapper decodes in chunks: every line before the chunk has been counted, those within it have not.
    row = lines_read + 1 + error.object[: error.start].decode(encoding, errors="replace").count("\n")
    remedy = _guess_encoding(error.object, tried=encoding) or "NAME"
    return (
        f"{path}, row {row}: byte 0x{error.object[error.start]:02x} is not {encoding}; "
        f"say how the file is encoded, try --source.encoding {remedy}"
    )


def _guess_encoding(sample: bytes, tried: str) -> str | None:
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if sample.count(0) > len(sample) // 8:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    # Western text has lone accented bytes between ASCII letters; Chinese text has runs of high bytes.
    chinese_like = re.search(rb"[\x80-\xff]{4}", sample)
    for candidate in ("utf-8", "gb18030", "cp1252") if chinese_like else ("utf-8", "cp1252"):
        if candidate == tried.lower():
            continue
        with contextlib.suppress(UnicodeDecodeError):
            codecs.getincrementaldecoder(candidate)().decode(sample)  # incremental: the sample may end in a character
            return candidate
    return None


def _read_txt(path: str, source: Source) -> Iterator[Record]:
    for number, line in enumerate(read_lines(path, source.encoding), start=1):
        yield Record({source.text_column: line.rstrip("\n")}, path, number)


def _read_csv(path: str, source: Source, needed: tuple[str, ...], delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(max(csv.field_size_limit(), MAX_FIELD_CHARACTERS))
    reader = csv.reader(read_lines(path, source.encoding, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        header = [name.strip() for name in next(filter(None, reader), ())]
        _check_header(path, header, needed)
        start = reader.line_num + 1
        for values in reader:
            if values and len(values) != len(header):
                raise InputError(
                    f"{path}, row {start}: {len(values)} fields, the header has {len(header)}; "
                    f'put a text that holds {"a tab" if delimiter == chr(9) else "a comma"} in "quotes"'
                )
            if values:
                yield Record(dict(zip(header, values, strict=True)), path, start)
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(
            f'{path}, row {start}: broken quoting ({error}); close the quote and double each one inside: "say ""hi"""'
        ) from None


def _check_header(path: str, header: list[str], needed: tuple[str, ...]) -> None:
    if not header:
        raise InputError(f"{path} is empty; its first line must name the columns")
    if any("\0" in name for name in header):
        raise InputError(f"{path}, row 1: NUL bytes in the header; if this is UTF-16, say --source.encoding utf-16-le")
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path}, row 1: two columns are called {twice!r}; rename one")
    _check_columns(path, header, needed)


def _check_columns(place: str, columns: Iterable[str], needed: tuple[str, ...]) -> None:
    columns = list(columns)
    of_labels = "--label-column" if len(needed) == 2 else "--label-columns"
    for name, option in zip(needed, ("--text-column", *[of_labels] * len(needed)), strict=False):
        if name not in columns:
            raise InputError(
                f"{place}: no column {name!r}, there are {', '.join(map(repr, columns)) or 'none'}"
                f"{did_you_mean(name, columns)}; name it with {option}"
            )


def _read_jsonl(path: str, source: Source, needed: tuple[str, ...]) -> Iterator[Record]:
    number = 0
    for number, line in enumerate(read_lines(path, source.encoding, newline="\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, row {number}"
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: not JSON ({error.msg} at character {error.pos + 1}); {_JSONL}") from None
        if not isinstance(values, dict):
            raise InputError(f"{place}: {_JSONL}, this is a {type(values).__name__}")
        _check_columns(place, values, needed)
        yield _record(values, path, number, source, needed)
    if not number:
        raise InputError(f"{path} is empty; {_JSONL}")


def _read_parquet(path: str, source: Source, needed: tuple[str, ...]) -> Iterator[Record]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    with _open_binary(path) as binary:
        try:
            seekable = io.BytesIO(binary.read()) if path == STDIN or isinstance(binary, gzip.GzipFile) else binary
            table = pyarrow.parquet.ParquetFile(seekable)
            _check_columns(path, table.schema_arrow.names, needed)
            columns = list(needed) if len(needed) > 1 else None
            for batch in table.iter_batches(batch_size=1024, columns=columns):
                for values in batch.to_pylist():
                    number += 1
                    yield _record(values, path, number, source, needed)
        except (pyarrow.ArrowException, OSError, EOFError, zlib.error) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{path}, row {number + 1}: damaged Parquet file ({reason}); write it again") from None


def _record(values: Mapping[str, object], path: str, number: int, source: Source, needed: tuple[str, ...]) -> Record:
    """Typed values as text; the text must be a string, a label a string, a whole number, or a list of such."""
    place = f"{path}, row {number}"
    fields = {name: _as_text(value) for name, value in values.items()}
    text, label = values[source.text_column], values.get(source.label_column)
    if not isinstance(text, str | None):
        raise InputError(
            f"{place}: {source.text_column!r} is {fields[source.text_column][:40]} ({type(text).__name__}), "
            "not a string; write it as one, or name another column with --text-column"
        )
    if source.label_column not in needed:
        return Record(fields, path, number)
    if isinstance(label, list):
        found = labels.of_list(label, f"{place}: {source.label_column!r}")
        return Record(fields, path, number, tuple(map(_as_text, found)))
    if isinstance(label, float):
        fields[source.label_column] = "" if math.isnan(label) else f"{label:.15g}"
    elif not isinstance(label, str | int | None):
        raise InputError(
            f"{place}: {source.label_column!r} is {fields[source.label_column][:40]} ({type(label).__name__}); "
            "a label is one string or whole number, several are a list of them"
        )
    return Record(fields, path, number)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, default=str)
    if value.isascii():
        return value
    # JSON can spell half of a surrogate pair, which no encoder would accept later.
    return value.encode("utf-16", errors="surrogatepass").decode("utf-16", errors="replace")
