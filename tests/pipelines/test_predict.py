"""The predict command: labels with probabilities, from a file, standard input or arguments."""

import csv
import gzip
import html
import json
import re

import fsspec
import pytest

from tests.pipelines.conftest import command

TEXT = "The striker scored twice as England won the match, the coach said"


def rows_of(text, delimiter=","):
    return list(csv.DictReader(text.splitlines(), delimiter=delimiter))


def test_labels_arguments_with_the_k_best_labels(news_bundle):
    folder, _ = news_bundle
    finished = command("predict", folder, TEXT, "", "--top-k", "3")
    assert finished.status == 0, finished.err
    first, empty = rows_of(finished.out)
    assert list(first) == ["text", "label_1", "score_1", "label_2", "score_2", "label_3", "score_3"]
    assert first["text"] == TEXT
    assert 1 >= float(first["score_1"]) >= float(first["score_2"]) >= float(first["score_3"]) >= 0
    assert empty["label_1"]


def test_reads_and_writes_object_stores(news_bundle):
    store = fsspec.filesystem("memory")
    store.pipe("/texts/a.csv", f"id,text\n1,{TEXT.replace(',', '')}\n".encode())
    out = "memory://texts/out.jsonl.gz"
    finished = command("predict", news_bundle[0], "--input", "memory://texts/a.csv", "--output", out)
    assert finished.status == 0, finished.err
    assert f"wrote 1 row to {out}" in finished.err
    (row,) = map(json.loads, gzip.decompress(store.cat("/texts/out.jsonl.gz")).splitlines())
    assert row["id"] == "1" and row["label"]
    wrong = command("predict", news_bundle[0], "--input", "memory://texts/a.csv", "--output", "nowhere://out.csv")
    assert wrong.status == 1 and wrong.err.startswith("error: nowhere://out.csv cannot be opened: Protocol not known")


def test_argument_that_is_not_utf8_is_classified(news_bundle):
    folder, _ = news_bundle
    for options in ((), ("--json",)):
        finished = command("predict", folder, "A \udcff match", *options)
        assert finished.status == 0 and "A \ufffd match" in finished.out, finished.err


def test_abstains_below_the_threshold(news_bundle):
    folder, _ = news_bundle
    options = ("predict", folder, TEXT, "", "--top-k", "2")
    scores = [float(row["score_1"]) for row in rows_of(command(*options).out)]
    between = sum(scores) / 2
    found = rows_of(command(*options, "--abstain-below", between).out)
    assert [bool(row["label_1"]) for row in found] == [score >= between for score in scores]
    assert [float(row["score_1"]) for row in found] == scores
    assert all(bool(row["label_1"]) == bool(row["label_2"]) for row in found)
    refused = command(*options, "--abstain-below", "95")
    assert refused.status == 1 and "--abstain-below: 95.0 is not a probability" in refused.err


def test_reads_one_text_per_line_of_stdin_and_writes_json_lines(news_bundle):
    folder, _ = news_bundle
    finished = command("predict", folder, "--json", stdin=f"{TEXT}\n股市上涨\n")
    assert finished.status == 0, finished.err
    first, second = map(json.loads, finished.out.splitlines())
    assert (first["text"], second["text"]) == (TEXT, "股市上涨")
    assert set(first) == {"text", "label", "score"} and 0 < first["score"] <= 1


def test_output_keeps_the_columns_of_the_file(news_bundle, news_csv, tmp_path):
    folder, _ = news_bundle
    finished = command("predict", folder, "--input", news_csv, "--output", tmp_path / "out.csv")
    assert finished.status == 0, finished.err
    with open(news_csv, newline="", encoding="utf-8") as file:
        given = list(csv.DictReader(file))
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["id", "text", "label", "predicted_label", "score"]
    assert [{name: row[name] for name in ("id", "text", "label")} for row in found] == given
    assert sum(row["label"] == row["predicted_label"] for row in found) / len(found) > 0.7
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_file_without_rows_gives_a_table_without_rows(suffix, news_bundle, tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n")
    out = tmp_path / f"out.{suffix}"
    finished = command("predict", news_bundle[0], "--input", tmp_path / "a.csv", "--output", out)
    assert finished.status == 0, finished.err
    mark = "\t" if suffix == "tsv" else ","
    assert out.read_text() == ("" if suffix == "jsonl" else mark.join(["id", "text", "label", "score"]) + "\n")


def test_file_output_agrees_with_python(reviews_zh_bundle, reviews_zh_csv, reviews_zh, tmp_path):
    from kerascnn import load

    folder, _ = reviews_zh_bundle
    finished = command("predict", folder, "--input", reviews_zh_csv, "--output", tmp_path / "out.jsonl.gz")
    assert finished.status == 0, finished.err
    with gzip.open(tmp_path / "out.jsonl.gz", "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    expected = load(folder).predict_top_k(reviews_zh[0], 1)
    for row, [(label, probability)] in zip(found, expected, strict=True):
        assert row["predicted_label"] == label
        assert row["score"] == pytest.approx(probability, abs=2e-5)


def test_bad_row_is_one_line_and_leaves_no_output(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "in.csv").write_text('id,text\n1,fine\n2,"never closed\n', encoding="utf-8")
    finished = command("predict", folder, "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv")
    assert finished.status == 1
    assert finished.err.startswith("error: ") and finished.err.count("\n") == 1
    assert "in.csv" in finished.err and "3" in finished.err
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--output", "out.xls"], "cannot write .xls"),
        (["--top-k", "0"], "--top-k"),
        (["--input", "nowhere.csv"], "no file or folder 'nowhere.csv'"),
    ],
)
def test_rejects_invalid_options_before_loading_a_model(options, message, news_bundle, tmp_path):
    folder, _ = news_bundle
    finished = command("predict", folder, *options, stdin="", cwd=tmp_path)
    assert finished.status == 1
    assert finished.err.startswith("error: ") and message in finished.err
    assert list(tmp_path.iterdir()) == []


def test_rejects_folder_that_is_not_a_bundle(tmp_path):
    finished = command("predict", tmp_path, "a text")
    assert finished.status == 1
    assert "manifest.json" in finished.err and str(tmp_path) in finished.err


def test_explanation_marks_the_text_and_sums_to_the_logit(news_bundle):
    folder, _ = news_bundle
    finished = command("predict", folder, TEXT, "", "--explain")
    assert finished.status == 0, finished.err
    assert "\033" not in finished.out, "colors are for a terminal"
    label, marked, *lines = finished.out.split("\n\n")[0].splitlines()
    assert float(label.split()[1]) > 0
    assert "{+" in marked
    assert marked.replace("{+", "").replace("+}", "").replace("[-", "").replace("-]", "") == TEXT
    *shares, logit = (float(line.split()[0]) for line in lines)
    assert sum(shares) == pytest.approx(logit, abs=0.01)


def test_json_explanation_keeps_columns_and_has_offsets_into_the_text(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "in.csv").write_text(f'id,text,label\n7,"{TEXT}",other\n', encoding="utf-8")
    options = ("predict", folder, "--explain", "--input", tmp_path / "in.csv")
    [row] = map(json.loads, command(*options, "--json").out.splitlines())
    assert (row["id"], row["text"], row["label"]) == ("7", TEXT, "other")
    assert {"predicted_label", "score", "logit", "bias", "contributions"} < set(row)
    for x in row["contributions"]:
        assert x["start"] is None or TEXT[x["start"] : x["end"]] == x["text"]
    shares = sum(x["contribution"] for x in row["contributions"])
    assert row["bias"] + shares == pytest.approx(row["logit"], abs=1e-3)
    written = command(*options, "--output", tmp_path / "out.jsonl")
    assert written.status == 0, written.err
    assert json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8")) == row


def test_html_explanation_is_a_page_of_all_texts_without_scripts(news_bundle, tmp_path):
    folder, _ = news_bundle
    rows = [TEXT, "", "<script>alert(1)</script> a & b", "新闻 a\x1b[2Jb"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": row}) + "\n" for row in rows), encoding="utf-8")
    options = ("predict", folder, "--explain", "--input", tmp_path / "in.jsonl")
    printed = command(*options, "--html")
    assert printed.status == 0, printed.err
    written = command(*options, "--output", tmp_path / "out.html")
    assert (written.status, written.err) == (0, f"wrote 4 rows to {tmp_path / 'out.html'}\n")
    assert (tmp_path / "out.html").read_text(encoding="utf-8") == printed.out
    assert printed.out.startswith("<!DOCTYPE html>") and printed.out.rstrip().endswith("</html>")
    shown = [
        html.unescape(re.sub(r"<.*?>", "", quote))
        for quote in re.findall(r"<blockquote.*?>(.*?)</blockquote>", printed.out, re.DOTALL)
    ]
    assert shown == [TEXT, "an empty text", rows[2], "新闻 a\ufffd[2Jb"]
    assert "<script" not in printed.out and "\x1b" not in printed.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--html"], "--html: add --explain"),
        (["--explain", "--html", "--json"], "--html: --json is another format"),
        (["--explain", "--html", "--output", "out.jsonl"], "--html: a web page needs a name that ends in .html"),
        (["--explain", "--output", "out.txt"], "write --output NAME.jsonl or NAME.html, not out.txt"),
    ],
)
def test_html_rejects_other_formats(options, message, news_bundle, tmp_path):
    finished = command("predict", news_bundle[0], TEXT, *options, cwd=tmp_path)
    assert finished.status == 1 and message in finished.err and finished.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [("--top-k", "2"), ("--abstain-below", "0.5"), ("--output", "out.csv")])
def test_explain_rejects_top_k_abstention_and_tables(options, news_bundle):
    finished = command("predict", news_bundle[0], TEXT, "--explain", *options)
    assert finished.status == 1
    assert finished.err.startswith("error: --explain") and finished.err.count("\n") == 1


def test_terminal_shows_rows_rate_and_time_left_and_the_end_says_what_was_written(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "in.csv").write_text("text\n" + "a match that England won\n" * 1500, encoding="utf-8")
    options = ("predict", folder, "--input", tmp_path / "in.csv", "--output", tmp_path / "out.csv")
    shown = command(*options, terminal=True)
    assert "predicting" in shown.err and "/1500 [" in shown.err and " rows/s]" in shown.err, shown.err
    assert shown.err.endswith(f"wrote 1,500 rows to {tmp_path / 'out.csv'}\n")
    assert command(*options).err == f"wrote 1,500 rows to {tmp_path / 'out.csv'}\n"
    assert command(*options, "--quiet", terminal=True).err == ""
    one = command("predict", folder, TEXT, "--explain", "--output", tmp_path / "out.jsonl")
    assert one.err == f"wrote 1 row to {tmp_path / 'out.jsonl'}\n"


def test_says_on_a_terminal_that_it_reads_standard_input(news_bundle):
    folder, _ = news_bundle
    message = "reading standard input, one text per line"
    assert message in command("predict", folder, stdin=TEXT, terminal=True).err
    for options, terminal in (((), False), (("--quiet",), True), ((TEXT,), True)):
        assert message not in command("predict", folder, *options, stdin=TEXT, terminal=terminal).err
