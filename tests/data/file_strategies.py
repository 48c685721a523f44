"""Strategies of data files: what people and programs write, and what damages it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet
from hypothesis import strategies as st

DELIMITERS = (",", ";", "\t", "|")
TEXT_CHARACTERS = "ab ,;\t|\"'\\\r\n\x0b\x0c\x1c\x85\u2028=é字😀\ufeff\u200b\x00"
"""Characters with a meaning in a format, among others."""


class File(NamedTuple):
    """A file, the settings to read it with, and its rows if they are known."""

    name: str
    content: bytes
    settings: dict[str, Any]
    rows: list[tuple[str, Any]] | None = None


def texts(encoding="utf-8", alphabet=TEXT_CHARACTERS):
    """Return texts of characters that have a meaning in a format, and of any others that an encoding has."""
    if encoding.startswith("cp"):
        known = bytes(range(32, 256)).decode(encoding, "ignore")
        return st.text(
            st.sampled_from([letter for letter in alphabet + known if letter.encode(encoding, "ignore")]), max_size=30
        )
    return st.text(st.sampled_from(alphabet) | st.characters(codec="utf-8"), max_size=30)


@st.composite
def texts_of_lines(draw, delimiter, columns):
    """Return texts of several lines that look like rows, but have no labels."""
    words, position = st.sampled_from(["Dear", "Dear", "in 2024", "no", "1", "2", ""]), columns.index("text")
    widths = [len(columns) - position, *[len(columns)] * draw(st.integers(0, 3)), position + 1]
    lines = [draw(st.lists(words, min_size=width, max_size=width)) for width in widths]
    return "\n".join(map(delimiter.join, lines))


@st.composite
def csv_files(draw):
    """Return CSV and TSV files in dialects, with their rows."""
    delimiter, ending = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "gb18030", "cp1252", "cp437"])
    )
    quoting = draw(st.sampled_from(["minimal", "all", "none"]))
    setting = "none" if quoting == "none" else draw(st.sampled_from(["standard", "auto"]))
    characters = TEXT_CHARACTERS.replace("\x00", "")
    if quoting == "none":
        characters = "".join(letter for letter in characters if letter not in "\r\n" + delimiter)
    values = texts(encoding, characters)
    if quoting == "none":
        values = values.filter(lambda text: not set(text) & {"\r", "\n", delimiter})
    columns = draw(
        st.sampled_from([("text", "label"), ("label", "text"), ("id", "text", "label", ""), ("label", "text", "", "")])
    )
    labels = values
    if setting == "auto":
        labels = st.sampled_from(["x", "y", "z"])
        values = values.filter(lambda text: not set(text) & set("xyz")) | texts_of_lines(delimiter, columns)
    rows = draw(st.lists(st.tuples(values, labels), min_size=1, max_size=8))
    file = io.StringIO()
    # Python 3.11 does not quote a carriage return alone
    style = {
        "all": csv.QUOTE_ALL,
        "none": csv.QUOTE_NONE,
        "minimal": csv.QUOTE_ALL if ending != "\r\n" else csv.QUOTE_MINIMAL,
    }
    options = {"quotechar": None} if quoting == "none" else {}
    writer = csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=style[quoting], **options)
    writer.writerow(columns)
    for number, (text, label) in enumerate(rows):
        writer.writerow([{"text": text, "label": label, "id": str(number), "": ""}[name] for name in columns])
    settings = {"encoding": encoding, "quoting": setting}
    if draw(st.booleans()):
        settings["delimiter"] = delimiter
    content = file.getvalue().encode(encoding)
    name = draw(st.sampled_from(["a.csv", "a.tsv"]))
    return _maybe_gzip(draw, File(name, content, settings, rows))


@st.composite
def jsonl_files(draw):
    """Return JSON Lines files with their rows."""
    labels = draw(st.sampled_from([texts(), st.integers(-(10**20), 10**20), st.lists(texts(), max_size=4)]))
    rows = draw(st.lists(st.tuples(texts(), labels), min_size=1, max_size=8))
    is_ascii, ending = draw(st.booleans()), draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    others = st.recursive(
        st.none() | st.booleans() | st.floats() | texts(),
        lambda values: st.lists(values, max_size=3) | st.dictionaries(texts(), values, max_size=3),
        max_leaves=5,
    )
    lines = []
    for text, label in rows:
        values = {"text": text, "other": draw(others), "label": label}
        lines.append(json.dumps(values, ensure_ascii=is_ascii))
    return _maybe_gzip(draw, File("a.jsonl", ending.join([*lines, ""]).encode(), {}, rows))


TEXT_TYPES = (
    pyarrow.string(),
    pyarrow.large_string(),
    pyarrow.string_view(),
    pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
)
LABELS = {
    "string": (texts(), TEXT_TYPES),
    "number": (st.integers(-(2**63), 2**63 - 1), (pyarrow.int64(),)),
    "list": (
        st.lists(texts(), max_size=4),
        (pyarrow.list_(pyarrow.string()), pyarrow.large_list(pyarrow.large_string())),
    ),
}
OTHERS = (
    pyarrow.array([None] * 8), pyarrow.array([1.5] * 8), pyarrow.array([b"\xff"] * 8), pyarrow.array([True] * 8),
    pyarrow.array([10**8] * 8, pyarrow.date32()), pyarrow.array([2**62] * 8, pyarrow.timestamp("ms")),
    pyarrow.array([2**62] * 8, pyarrow.timestamp("ns", "Mars/Olympus")), pyarrow.array([{"a": [{"b": "x"}]}] * 8),
    pyarrow.array([[("k", "v")]] * 8, pyarrow.map_(pyarrow.string(), pyarrow.string())),
    pyarrow.array(["1.50"] * 8).cast(pyarrow.decimal128(9, 2)), pyarrow.array([2**40] * 8, pyarrow.duration("s")),
)  # fmt: skip


@st.composite
def parquet_files(draw):
    """Return Parquet files in several schemas, with their rows."""
    labels, types = LABELS[draw(st.sampled_from(sorted(LABELS)))]
    rows = draw(st.lists(st.tuples(texts(), labels), min_size=1, max_size=8))
    columns = {
        "text": pyarrow.array([text for text, _ in rows]).cast(draw(st.sampled_from(TEXT_TYPES))),
        "label": pyarrow.array([label for _, label in rows], draw(st.sampled_from(types))),
        "other": draw(st.sampled_from(OTHERS))[: len(rows)],
    }
    table = pyarrow.table({name: columns[name] for name in draw(st.permutations(sorted(columns)))})
    file = io.BytesIO()
    options = {
        "compression": draw(st.sampled_from(["none", "snappy", "zstd"])),
        "use_dictionary": draw(st.booleans()),
        "store_schema": draw(st.booleans()),
        "row_group_size": draw(st.integers(1, 8)),
        "data_page_version": draw(st.sampled_from(["1.0", "2.0"])),
    }
    pyarrow.parquet.write_table(table, file, **options)
    return _maybe_gzip(draw, File("a.parquet", file.getvalue(), {}, rows))


def _maybe_gzip(draw, file):
    if not draw(st.integers(0, 3)):
        return file._replace(name=f"{file.name}.gz", content=gzip.compress(file.content))
    return file


@st.composite
def damaged_files(draw):
    """Return files of any format after damage, or of any bytes, read with any settings."""
    file = draw(csv_files() | jsonl_files() | parquet_files() | any_bytes())
    content = bytearray(file.content)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 8)))
        content[start:end] = draw(
            st.binary(max_size=8) | st.sampled_from([b'"', b"\n", b"\xff\xfe", b"\0", b"{", b"[" * 9])
        )
    content = content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content
    settings = dict(file.settings)
    settings |= draw(st.sampled_from([
        {}, {}, {"encoding": "utf-16"}, {"encoding": "shift_jis"}, {"encoding": "hz"}, {"quoting": "none"},
        {"delimiter": "^"},
        {"column_names": ("text", "label")}, {"label_separator": ","}, {"text_column": "label", "label_column": "text"},
        {"label_columns": ("label", "id")}, {"max_row_bytes": 40}, {"normalize_labels": True}, {"format": "csv"},
        {"format": "jsonl"}, {"format": "parquet"},
    ]))  # fmt: skip
    return File(file.name, bytes(content), settings)


@st.composite
def any_bytes(draw):
    name = draw(st.sampled_from(["a.csv", "a.tsv", "a.jsonl", "a.parquet", "a.txt", "a.csv.gz", "a.parquet.gz"]))
    pieces = st.sampled_from(
        [b"text,label\n", b"text\tlabel\r\n", b'{"text": "a", "label": ', b"PAR1", b"\x1f\x8b\x08", b"\xef\xbb\xbf"]
    )
    return File(name, b"".join(draw(st.lists(pieces | st.binary(max_size=20), max_size=8))), {})
