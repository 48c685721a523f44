"""CSV and TSV files in their dialects, and quotes that belong to texts."""

from __future__ import annotations

import pytest

from kerascnn.audit.audit import quick_audit
from kerascnn.config import default_config
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import location
from kerascnn.data.sources import read_rows, read_texts
from kerascnn.data.splits import load_splits
from kerascnn.utils.errors import InputError
from tests.data.reading import error, read_pairs
from tests.data.real_text import csv_text


def test_csv_rows_are_numbered_as_in_a_spreadsheet_beside_their_lines(write):
    path = write("a.csv", 'text,label\r\n"one\r\ntwo\r\nthree",a\r\n\r\n"four, ""five""",b\r\nsix,a\r\n')
    rows = list(read_rows([path], SourceConfig()))
    assert [(row.number, row.line) for row in rows] == [(2, 2), (4, 6), (5, 7)]
    assert [row.text for row in rows] == ["one\r\ntwo\r\nthree", 'four, "five"', "six"]
    assert [location(row) for row in rows[:2]] == [f"{path}, row 2", f"{path}, row 4 (line 6)"]


@pytest.mark.parametrize(("start", "row", "line"), [("\n \n", 4, 4), ("sep=,\n", 2, 3), ("\nsep=,\n", 3, 4)])
def test_rows_before_the_header_are_counted_as_a_spreadsheet_does(write, start, row, line):
    [first, _] = read_rows([write("a.csv", f"{start}text,label\none,a\ntwo,b\n")], SourceConfig())
    assert (first.number, first.line) == (row, line)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_broken_quoting_error_names_row_of_opening_quote(write, suffix):
    tab = "\t" if suffix == ".tsv" else ","
    never_closed = f'text{tab}label\nfine{tab}a\n"multi\nline"{tab}b\n"never closed{tab}a\nmore{tab}b\n'
    assert f"a{suffix}, row 4 (line 5): broken quoting" in error(write(f"a{suffix}", never_closed))
    inside = f'text{tab}label\nfine{tab}a\n"he said "no" twice"{tab}b\n'
    assert f"a{suffix}, row 3: broken quoting" in error(write(f"a{suffix}", inside))


@pytest.mark.parametrize("lines", ["good film\n" * 200, "a,b\n" * 300])
def test_open_quote_up_to_the_limit_names_the_option(write, lines):
    path, bad = write("a.csv", f'text,label\nfine,a\n"never closed\n{lines}'), []
    message = error(path, max_row_bytes=1000)
    assert "a.csv, row 3: more than 1,000 bytes, the limit of a row" in message and "--source.max_row_bytes" in message
    assert "if a quote is left open, close it" in message and "broken quoting" not in message
    list(read_texts(path, SourceConfig(max_row_bytes=1000), on_bad_row=bad.append))
    assert bad[0].raw == '"never closed\n'


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_header_of_a_second_file_is_no_row(write, mark):
    path, bad = write("a.csv", f"text,label\none,a\n{mark}text,label\ntwo,b\n"), []
    assert "a.csv, row 3: repeats the header" in error(path)
    records = list(read_texts(path, SourceConfig(), on_bad_row=bad.append))
    assert [record.fields["text"] for record in records] == ["one", "two"] and [row.number for row in bad] == [3]
    texts = [record.fields["text"] for record in read_texts(write("b.csv", "text\none\ntext\n"), SourceConfig())]
    assert texts == ["one", "text"]


def test_rejects_comma_outside_quotes(write):
    message = error(write("a.csv", "text,label\nGood film.,a\nBad, bad film.,b\n"))
    assert "a.csv, row 3: 3 fields, but the header has 2" in message
    assert "row 2: 1 field," in error(write("a.csv", "text,label\nno label at all\n"))


DIALECTS = {
    "semicolons": ("a.csv", 'text;label\nGood, fine;a\n"Bad; poor";b\n', {}),
    "quoted line of Excel": ("a.csv", '"sep=;"\r\ntext;label\r\nGood, fine;a\r\n"Bad; poor";b\r\n', {}),
    "line of Excel": ("a.csv", '\ufeffsep=;\r\ntext;label\r\nGood, fine;a\r\n"Bad; poor";b\r\n', {}),
    "tabs in .csv": ("a.csv", "text\tlabel\nGood, fine\ta\nBad; poor\tb\n", {}),
    "commas in .tsv": ("a.tsv", 'text,label\n"Good, fine",a\nBad; poor,b\n', {}),
    "vertical bars": ("a.csv", "id|label|text\n1|a|Good, fine\n2|b|Bad; poor\n", {}),
    "quoted header": ("a.csv", '"text";"label"\n"Good, fine";"a"\n"Bad; poor";"b"\n', {}),
    "spaces after commas": ("a.csv", 'text, label\n"Good, fine", a\n"Bad; poor", "b"\n', {}),
    "spaces before quotes": ("a.csv", 'text,label\n"Good, fine", "a"\n"Bad; poor", "b"\n', {}),
    "spaces before quotes of labels": ("a.csv", 'text;label\nGood, fine; "a"\n"Bad; poor"; "b"\n', {}),
    "columns without names that are left out": ("a.csv", 'label,text,,\na,"Good, fine"\nb,Bad; poor,\n', {}),
    "columns without names": ("a.csv", 'label,text,,,\na,"Good, fine",,,\nb,Bad; poor,,,\n', {}),
    "no header": ("a.csv", 'a,"Good, fine"\nb,Bad; poor\n', {"column_names": ("label", "text")}),
    "no header, semicolons": (
        "a.csv",
        'a;Good, fine\nb;"Bad; poor"\n',
        {"column_names": ("label", "text"), "delimiter": ";"},
    ),
    "other delimiter": ("a.csv", "text^label\nGood, fine^a\nBad; poor^b\n", {"delimiter": "^"}),
    "tab by name": ("a.csv", "text\tlabel\nGood, fine\ta\nBad; poor\tb\n", {"delimiter": "tab"}),
}


@pytest.mark.parametrize("case", DIALECTS)
def test_reads_dialects_of_csv(write, case):
    name, text, settings = DIALECTS[case]
    assert read_pairs(write(name, text), **settings) == [("Good, fine", "a"), ("Bad; poor", "b")]


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_finds_delimiter_of_all_rows_without_header(write, suffix):
    path = write(f"a{suffix}", "1;Hello, world\n2;Bye\n3;Good, fine\n")
    expected = [("Hello, world", "1"), ("Bye", "2"), ("Good, fine", "3")]
    assert read_pairs(path, column_names=("label", "text")) == expected


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_quotes_are_text_on_request(write, suffix):
    mark = "\t" if suffix == ".tsv" else ","
    rows = [('"Good start', "a"), ('and good end"', "b"), ('a "quoted" word', "a"), ('"one" word', "b")]
    path = write(f"a{suffix}", "".join(f"{text}{mark}{label}\n" for text, label in [("text", "label"), *rows]))
    assert "--source.quoting none" in error(path)
    assert read_pairs(path, quoting="none") == rows


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_rows_inside_a_text_are_found(write, suffix):
    """Both readings follow RFC 4180: only the labels show that the quotes are part of the texts."""
    mark = "\t" if suffix == ".tsv" else ","
    lines = [
        f"text{mark}label",
        f'"Good start{mark}a',
        f'and good end"{mark}b',
        *[f"text {i}{mark}{'ab'[i % 2]}" for i in range(40)],
    ]
    source = SourceConfig(test_fraction=0, quoting="standard")
    splits = load_splits([write(f"a{suffix}", "\n".join(lines))], [], [], source)
    issues = quick_audit(splits, default_config("bow"))
    assert any(issue.kind == "swallowed_row" and "quoting none" in issue.suggestion for issue in issues)


@pytest.mark.parametrize("mark", ["\t", ",", ";"], ids=["tab", "comma", "semicolon"])
@pytest.mark.parametrize("header", ["text label", "label text", "id text label", "text label id"])
def test_quote_that_joins_rows_is_an_error(write, header, mark):
    rows = [('"Good start', "a"), ("middle", "b"), ('and good end"', "b"), ("text", "a"), ("more text", "b")]
    names = header.split()
    lines = [mark.join({"text": text, "label": label, "id": "7"}[name] for name in names) for text, label in rows]
    path, bad = write("a.tsv", "\n".join([mark.join(names), *lines, ""])), []
    assert "a.tsv, row 2: a quote joins 3 lines that look like rows" in error(path)
    assert "--source.quoting none" in error(path)
    assert read_pairs(path, quoting="none") == rows
    assert len(read_pairs(path, quoting="standard")) == len(rows) - 2
    texts = [record.fields["text"] for record in read_texts(path, SourceConfig(), on_bad_row=bad.append)]
    assert texts == [text for text, _ in rows[1:]] and [row.raw for row in bad] == [lines[0] + "\n"]


def test_texts_of_several_lines_with_delimiters_are_rows(write):
    rows = [("Hello, all\nbye", "a"), ("No, b\nc, a", "b"), ("one, two\nthree", "a"), ("x\ny, z", "b")]
    assert read_pairs(write("a.csv", csv_text(rows))) == rows
    assert read_pairs(write("b.csv", csv_text([(b, a) for a, b in rows], header=("label", "text")))) == rows


@pytest.mark.parametrize("line", ["Dear, reader", "Thanks, Bob", "Berlin, Germany", "in short,"])
@pytest.mark.parametrize("header", [("label", "text"), ("text", "label")])
@pytest.mark.parametrize("lines", [2, 30])
def test_texts_that_share_lines_with_a_delimiter_are_rows(write, line, header, lines):
    text = "\n".join(["Roses are red", *[line] * (lines - 1)])
    rows = [(text, "a"), (text, "b"), ("short", "b"), (text, "a"), ("short", "a")]
    columns = {"text": [text for text, _ in rows], "label": [label for _, label in rows]}
    path, bad = write("a.csv", csv_text(list(zip(*map(columns.get, header), strict=True)), header=header)), []
    assert read_pairs(path) == rows
    assert len(list(read_texts(path, SourceConfig(), on_bad_row=bad.append))) == len(rows) and not bad


NUMBERED = {
    "thousands": ("In the town live\n12,000 people", "It has\n1,500 houses\n3,000 cars"),
    "lists": ("To buy:\n1, eggs\n2, milk", "1, one\n2, two\n3, three"),
}


@pytest.mark.parametrize("case", NUMBERED)
@pytest.mark.parametrize("start", [4, 1000])
def test_lines_that_start_with_a_number_are_text_of_numbered_rows(write, case, start):
    texts = [f"{NUMBERED[case][number]}{end}" for number in range(2) for end in "abcdef"]
    path = write("a.csv", csv_text([(str(number), text) for number, text in enumerate(texts, start)], ("id", "text")))
    assert [record.fields["text"] for record in read_texts(path, SourceConfig())] == texts


@pytest.mark.parametrize("step", [1, 1234567])
def test_quote_that_joins_numbered_rows_is_an_error(write, step):
    texts = ['"Good start', "middle", 'and good end"', *[f"text {number}" for number in range(30)]]
    rows = "".join(f"{number * step},{text}\n" for number, text in enumerate(texts, 8))
    path = write("a.csv", f"id,text\n{rows}")
    with pytest.raises(InputError, match="row 2: a quote joins 3 lines that look like rows"):
        list(read_texts(path, SourceConfig()))


def test_texts_that_end_with_the_delimiter_are_rows_of_a_file_without_labels(write):
    path = write("a.csv", 'text,label\n"Dear all,\nBye",\nGood film,\nBad film,\n')
    texts = [record.fields["text"] for record in read_texts(path, SourceConfig())]
    assert texts == ["Dear all,\nBye", "Good film", "Bad film"]


@pytest.mark.parametrize("quoting", ["auto", "none"])
@pytest.mark.parametrize("text", [' "quoted" start', '  "quoted" start', ' "start', ' "a" and "b"'])
def test_text_that_starts_with_a_quoted_word_is_read_beside_quoted_texts(write, quoting, text):
    texts = [record.fields["text"] for record in read_texts(
        write("a.csv", f'label,text\nx,{text}\ny, "whole"\nx, plain\n'), SourceConfig(quoting=quoting)
    )]  # fmt: skip
    assert [text.strip() for text in texts] == [text.strip(), '"whole"', "plain"]


def test_spaces_before_quotes_are_no_part_of_texts_with_delimiters(write):
    path = write("a.csv", 'label,text\na, "Good, fine"\nb, "whole"\nb, "two\nlines, ""long"""\n')
    assert read_pairs(path) == [("Good, fine", "a"), ("whole", "b"), ('two\nlines, "long"', "b")]


def test_text_of_several_lines_is_one_row_of_tsv(write):
    rows = [("one\ntwo", "a"), ("one\ttwo\nthree", "b"), ("three\n\nfour\tfive", "a"), ("five\tsix\nseven\teight", "b")]
    assert read_pairs(write("a.tsv", csv_text(rows, delimiter="\t"))) == rows
    numbered = [(str(number), text) for number, (text, _) in enumerate(rows)]
    path = write("b.tsv", csv_text(numbered, header=("id", "text"), delimiter="\t"))
    assert [record.fields["text"] for record in read_texts(path, SourceConfig())] == [text for text, _ in rows]


@pytest.mark.parametrize(
    ("text", "settings", "remedy"),
    [
        ("words;class\na;b\n", {}, "the header has one column, 'words;class'; if a semicolon separates"),
        ("text;label\na;b\n", {"text_column": "text;label"}, "add --source.delimiter ';'"),
        ("words\tclass\na\tb\n", {}, "add --source.delimiter tab"),
        ("good film,a\nbad film,b\n", {}, "--source.column-names"),
        ("text,label\na,b\n", {"column_names": ("text", "label")}, "row 1: has the names of the columns; leave out"),
        ("a,b,c\n", {"column_names": ("text", "label")}, "3 fields, but the header has 2"),
        ("1;Hello, world\n2;Good, bye\n", {"column_names": ("label", "text")}, "by a comma and a semicolon; give"),
    ],
)
def test_error_about_header_names_the_remedy(write, text, settings, remedy):
    assert remedy in error(write("a.csv", text), **settings)


@pytest.mark.parametrize("delimiter", ["::", '"', "\n"])
def test_rejects_delimiter_that_csv_cannot_have(delimiter):
    with pytest.raises(InputError, match="delimiter: "):
        SourceConfig(delimiter=delimiter)


def test_rejects_repeated_column_name(write):
    assert "two columns are named 'text'" in error(write("a.csv", "text,label,text\na,b,c\n"))
