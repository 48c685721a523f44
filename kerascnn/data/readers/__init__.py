"""Read files record by record: tables, JSON Lines, CoNLL and plain text, each plain or gzipped; and folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from kerascnn.data.config import SourceConfig
from kerascnn.data.encodings import STDIN
from kerascnn.data.readers import conll, csv, jsonl, parquet, text
from kerascnn.data.readers.base import Format
from kerascnn.data.readers.folder import read_folder
from kerascnn.data.readers.parquet import read_parquet_batches
from kerascnn.data.records import BadRowHandler, Record, raise_bad_row
from kerascnn.utils.errors import InputError

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "column_names",
    "detect_format",
    "read_file",
    "read_folder",
    "read_parquet_batches",
]

FORMATS = {
    "csv": Format((".csv",), csv.read_csv, csv.read_csv_header),
    "tsv": Format((".tsv",), csv.read_tsv, csv.read_tsv_header),
    "jsonl": Format((".jsonl", ".ndjson", ".json"), jsonl.read_jsonl, jsonl.read_jsonl_keys),
    "parquet": Format((".parquet",), parquet.read_parquet, parquet.read_parquet_columns),
    "conll": Format((".conll", ".iob", ".iob2", ".bio", ".bioes"), conll.read_conll, conll.conll_columns),
    "conllu": Format((".conllu",), conll.read_conllu, conll.conll_columns),
    "txt": Format((".txt",), text.read_txt, text.text_column),
}
"""All file formats. A new format is one module and one line here."""
SUFFIXES = {suffix: name for name, file_format in FORMATS.items() for suffix in file_format.suffixes}
"""File name extensions to names of formats."""
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


def read_file(
    path: str, source: SourceConfig, *, labelled: bool, on_bad_row: BadRowHandler = raise_bad_row
) -> Iterator[Record]:
    """Read the records of one file.

    Args:
        path: The file; ``-`` is standard input. Gzip is recognized by ``.gz`` or by the first bytes.
        source: Format, encoding and columns.
        labelled: Whether the label columns are required; the text column always is.
        on_bad_row: Handles rows that cannot be read, which are then skipped; null is not a text. By default the first
            of them raises, and null is an empty text.

    Yields:
        One record per row, with all columns (Parquet: the required ones if ``labelled``), in the order of the file.

    Raises:
        InputError: The file is damaged or has another format; the message names the row.
    """
    name = detect_format(path, source)
    if name == "txt" and labelled:
        raise InputError(
            f"{path} is plain text without labels; give csv, tsv, jsonl or parquet, or a folder with one folder per"
            " class; if it is a table, add --source.format tsv or csv, and conll if each line is a token and its tag"
        )
    required = source.columns if labelled else (source.text_column,)
    return FORMATS[name].read(path, source, required, on_bad_row)


def column_names(path: str, source: SourceConfig) -> list[str]:
    """Return the names of all columns of a file in order; this reads the whole of a JSON Lines file.

    Raises:
        InputError: As for ``read_file``; rows that cannot be read are skipped.
    """
    return FORMATS[detect_format(path, source)].column_names(path, source)


def detect_format(path: str, source: SourceConfig) -> str:
    """Return the format of a file, a key of ``FORMATS``.

    Raises:
        InputError: Neither the settings nor the name of the file determine the format.
    """
    if source.format != "auto":
        return source.format
    if path == STDIN:
        return "txt"
    suffix = PurePath(path.lower().removesuffix(".gz")).suffix
    if suffix in SPREADSHEETS:
        raise InputError(
            f"{path} is a spreadsheet; save it as CSV UTF-8, or as Parquet with pandas, and give that file"
        )
    if suffix == ".spacy":
        raise InputError(
            f"{path} is binary data of spaCy; write its texts and entities as JSON lines:"
            ' {"text": "in Rome", "label": [[3, 7, "LOC"]]}'
        )
    if suffix not in SUFFIXES:
        raise InputError(
            f"{path}: unknown format, {repr(suffix) if suffix else 'no file extension'}; use {', '.join(SUFFIXES)}"
            " (also .gz), or name the format with --source.format csv"
        )
    return SUFFIXES[suffix]
