"""Rows that cannot be read are handled one by one, and all other rows are read."""

import gzip
import io

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_texts
from kerascnn.utils.errors import InputError


def read_all(path, **settings):
    """Return the readable texts, and number, reason and raw text of the bad rows."""
    bad = []
    texts = [record.fields["text"] for record in read_texts(path, SourceConfig(**settings), on_bad_row=bad.append)]
    assert all(row.file == path for row in bad)
    return texts, [(row.number, row.reason, row.raw) for row in bad]


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".tsv", "\t")])
def test_skips_rows_with_wrong_number_of_fields(write, suffix, mark):
    lines = ["id|text", "1|good", "2", "3|good|film", '4|"two\nlines"', "", "5|last"]
    texts, [few, many] = read_all(write(f"a{suffix}", "\n".join(lines).replace("|", mark)))
    assert texts == ["good", "two\nlines", "last"]
    assert few[0] == 3 and few[1].startswith("1 field, but the header has 2; ") and few[2] == "2\n"
    assert many[0] == 4 and many[1].startswith("3 fields, but the header has 2; ")
    assert many[2] == f"3{mark}good{mark}film\n"


@pytest.mark.parametrize("broken", ['2,"never closed', '2,"he said "no" twice"', '2,"'])
@pytest.mark.parametrize("after", ["3,plain\n4,last\n", '3,"quoted, ""twice"""\n4,"two\nlines"\n', ""])
def test_broken_quote_skips_only_its_own_line(write, broken, after):
    path = write("a.csv", f"id,text\n1,first\n{broken}\n{after}")
    texts, [(row, reason, raw)] = read_all(path)
    good, _ = read_all(write("good.csv", f"id,text\n1,first\n{after}"))
    assert texts == good and len(texts) == 1 + after.count('"\n') + after.count("n\n") + after.count("t\n")
    assert (row, raw) == (3, f"{broken}\n") and reason.startswith("broken quoting (")
    with pytest.raises(InputError, match=r"a\.csv, row 3: broken quoting"):
        list(read_texts(path, SourceConfig()))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".csv.gz"])
@pytest.mark.parametrize(
    ("encoding", "others", "line", "wrong"),
    [
        ("utf-8", "naïve 好书 😀", b"caf\xe9", "0xe9"),
        ("gb18030", "好书", b"\xff\xff", "0xff"),
        ("ascii", "plain", "好".encode(), "0xe5"),
    ],
)
def test_skips_rows_with_undecodable_bytes(write, suffix, encoding, others, line, wrong):
    form = ('{{"text": "{}"}}\n' if suffix == ".jsonl" else '"{}",x\n').format
    head = "" if suffix == ".jsonl" else "text,note\n"
    # enough that the decoder, which takes chunks, has rows on both sides in one of them and in others
    rows = form(others).encode(encoding) * 400
    data = head.encode() + rows + form("|").encode().replace(b"|", line) + rows
    texts, [(row, reason, raw)] = read_all(
        write(f"a{suffix}", gzip.compress(data) if suffix.endswith(".gz") else data), encoding=encoding
    )
    assert texts == [others] * 800
    assert row == 401 + bool(head)
    assert reason.startswith(f"byte {wrong} is not {encoding}; ") and "--source.encoding" in reason
    assert raw.encode(encoding, "surrogateescape") == form("|").encode().replace(b"|", line)


@pytest.mark.parametrize(("encoding", "wrong"), [("utf-16", b"\x80\xd8\x80\xd8"), ("utf-32", b"\xff\xff\xff\xff")])
def test_skips_rows_with_undecodable_bytes_of_wide_encodings(write, encoding, wrong):
    line = "good film\n".encode(f"{encoding}-le")
    texts, bad = read_all(write("a.txt", line * 3 + wrong + line * 2), encoding=f"{encoding}-le")
    assert texts == ["good film"] * 4 and len(bad) == 1 and bad[0][1].startswith("byte 0x")


def test_skips_json_lines_without_text(write):
    bad = {
        '{"text": "cut off': "not JSON (",
        "[1, 2]": "this is a list",
        '{"id": 3}': "no column 'text', there are 'id'",
        '{"text": 5}': "'text' is 5 (int), not a string",
        '{"text": null}': "'text' is null",
        "[" * 100_000: "not readable as JSON",
        f'{{"text": "", "n": {"9" * 5000}}}': "not readable as JSON",
    }
    lines = "".join(f'{{"text": "before"}}\n{line}\n' for line in bad)
    texts, found = read_all(write("a.jsonl", lines + '{"text": ""}\n'))
    assert texts == ["before"] * len(bad) + [""]
    assert [(row, raw.rstrip("\n")) for row, _, raw in found] == [(2 * i + 2, line) for i, line in enumerate(bad)]
    for (_, reason, _), expected in zip(found, bad.values(), strict=True):
        assert expected in reason and "row" not in reason.split(";")[0].split()


def test_skips_parquet_rows_without_text(write):
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a", None, "", None, "好"]}), sink)
    path = write("a.parquet", sink.getvalue())
    texts, bad = read_all(path)
    assert texts == ["a", "", "好"]
    assert [(row, raw) for row, _, raw in bad] == [(2, ""), (4, "")]
    assert [record.fields["text"] for record in read_texts(path, SourceConfig())] == ["a", "", "", "", "好"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"id,txt\n1,a\n", "no column 'text'"),
        ("a.csv", b"", "is empty"),
        ("a.csv", b'text,"never closed\na,b\n', "row 1: broken quoting"),
        ("a.csv.gz", gzip.compress(b"text\n" + b"a\n" * 9)[:-9], "damaged gzip data"),
        ("a.parquet", b"PAR1", "damaged Parquet file"),
        ("a.csv", "text,x\n好,b\n".encode("utf-16-le"), "NUL bytes in the header"),
    ],
)
def test_rejects_unreadable_file(write, name, data, message):
    with pytest.raises(InputError, match=message):
        read_all(write(name, data))


def test_replaces_lone_surrogates_in_other_columns(write):
    path = write("a.jsonl", r'{"text": "a", "tags": ["\ud83d"], "k\ud83d": 1}' + "\n")
    [record] = read_texts(path, SourceConfig())
    assert record.fields == {"text": "a", "tags": '["\ufffd"]', "k\ufffd": "1"}
