"""Rows that cannot be read are put aside one by one where that is asked for, and all others are read."""

import gzip
import io

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.config import SourceConfig
from kerascnn.data import read_texts
from kerascnn.utils.errors import InputError


def sift(path, **settings):
    """The texts that can be read, and the rows that cannot: number, reason, what stands there."""
    bad = []
    texts = [record.fields["text"] for record in read_texts(path, SourceConfig(**settings), on_bad_row=bad.append)]
    assert all(row.file == path for row in bad)
    return texts, [(row.number, row.reason, row.raw) for row in bad]


@pytest.mark.parametrize(("suffix", "mark"), [(".csv", ","), (".tsv", "\t")])
def test_a_row_with_too_few_or_too_many_fields_is_put_aside(write, suffix, mark):
    lines = ["id|text", "1|good", "2", "3|good|film", '4|"two\nlines"', "", "5|last"]
    texts, [few, many] = sift(write(f"a{suffix}", "\n".join(lines).replace("|", mark)))
    assert texts == ["good", "two\nlines", "last"]
    assert few[0] == 3 and few[1].startswith("1 fields, the header has 2; ") and few[2] == "2\n"
    assert many[0] == 4 and many[1].startswith("3 fields, the header has 2; ") and many[2] == f"3{mark}good{mark}film\n"


@pytest.mark.parametrize("broken", ['2,"never closed', '2,"he said "no" twice"', '2,"'])
@pytest.mark.parametrize("after", ["3,plain\n4,last\n", '3,"quoted, ""twice"""\n4,"two\nlines"\n', ""])
def test_a_broken_quote_costs_its_own_line_and_none_of_those_that_it_takes_in(write, broken, after):
    path = write("a.csv", f"id,text\n1,first\n{broken}\n{after}")
    texts, [(row, reason, raw)] = sift(path)
    good, _ = sift(write("good.csv", f"id,text\n1,first\n{after}"))
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
def test_a_row_with_bytes_of_another_encoding_is_put_aside(write, suffix, encoding, others, line, wrong):
    form = ('{{"text": "{}"}}\n' if suffix == ".jsonl" else '"{}",x\n').format
    head = "" if suffix == ".jsonl" else "text,note\n"
    # enough that the decoder, which takes chunks, has rows on both sides in one of them and in others
    rows = form(others).encode(encoding) * 400
    data = head.encode() + rows + form("|").encode().replace(b"|", line) + rows
    texts, [(row, reason, raw)] = sift(
        write(f"a{suffix}", gzip.compress(data) if suffix.endswith(".gz") else data), encoding=encoding
    )
    assert texts == [others] * 800
    assert row == 401 + bool(head)
    assert reason.startswith(f"byte {wrong} is not {encoding}; ") and "--source.encoding" in reason
    assert raw.encode(encoding, "surrogateescape") == form("|").encode().replace(b"|", line)


def test_a_line_that_is_no_object_with_a_text_is_put_aside(write):
    bad = {
        '{"text": "cut off': "not JSON (",
        "[1, 2]": "this is a list",
        '{"id": 3}': "no column 'text', there are 'id'",
        '{"text": 5}': "'text' is 5 (int), not a string",
        '{"text": null}': "'text' is null",
        "[" * 100_000: "not JSON that can be read",
        f'{{"text": "", "n": {"9" * 5000}}}': "not JSON that can be read",
    }
    lines = "".join(f'{{"text": "before"}}\n{line}\n' for line in bad)
    texts, found = sift(write("a.jsonl", lines + '{"text": ""}\n'))
    assert texts == ["before"] * len(bad) + [""]
    assert [(row, raw.rstrip("\n")) for row, _, raw in found] == [(2 * i + 2, line) for i, line in enumerate(bad)]
    for (_, reason, _), expected in zip(found, bad.values(), strict=True):
        assert expected in reason and "row" not in reason.split(";")[0].split()


def test_a_parquet_row_without_a_text_is_put_aside(write):
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a", None, "", None, "好"]}), sink)
    path = write("a.parquet", sink.getvalue())
    texts, bad = sift(path)
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
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_all_the_same(write, name, data, message):
    with pytest.raises(InputError, match=message):
        sift(write(name, data))


def test_half_a_surrogate_pair_inside_other_values_cannot_break_an_output_file(write):
    path = write("a.jsonl", r'{"text": "a", "tags": ["\ud83d"], "k\ud83d": 1}' + "\n")
    [record] = read_texts(path, SourceConfig())
    assert record.fields == {"text": "a", "tags": '["\ufffd"]', "k\ufffd": "1"}
