"""The benchmark of one process and two, and the plan that follows from it."""

import csv
import os
import re

import pytest

from benchmarks import scale
from tests.benchmarks.conftest import command
from tests.pipelines.conftest import ROOT

# one process trains 640 documents a second in steps of 64 and 400 in steps of 32, two 500; a step of 64 documents has
# 0.1 MB of dense gradients, and 1,000 rows of 100 bytes of a table of 0.96 MB, 10,000 rows; one of 32 half the rows
MEASUREMENTS = [
    ("training documents/s", 1, 64, (640,)),
    ("training documents/s", 1, 32, (400,)),
    ("training documents/s", 2, 32, (470, 500, 900)),
    ("exchange ms", 2, 32, (20,)),
    ("empty exchange ms", 2, 32, (10,)),
    ("row update us", 2, 32, (20,)),
    *((metric, 1, batch, (value,)) for batch in (64, 32) for metric, value in {
        "dense bytes": 100_000, "embedding rows": batch / 64 * 1000, "embedding bytes": batch / 64 * 100_000,
        "embedding table bytes": 960_000,
    }.items()),
    ("preparing documents/s", 1, "", (10_000,)),
    ("bytes per text", 1, "", (125,)),
    ("scoring documents/s", 1, "", (1000, 900, 1100)),
    ("scoring documents/s", 2, "", (1900,)),
]  # fmt: skip


@pytest.fixture
def results(tmp_path):
    """Rows as the command writes them."""
    return write(tmp_path / "scale.csv", MEASUREMENTS)


def write(path, measurements):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(scale.COLUMNS)
        for metric, processes, batch, values in measurements:
            for number, value in enumerate(values):
                writer.writerow((metric, "news", "word_cnn", processes, batch, number, value))
    return path


def test_table_compares_two_processes_with_one_and_counts_bytes_per_step(results):
    finished = command("table", results)
    assert finished.status == 0, finished.err
    lines = finished.out.splitlines()
    assert "| training, news, word_cnn, steps of 64 | 640 | 500 | 0.78 |" in lines
    assert "| scoring, news, word_cnn | 1,000 | 1,900 | 1.90 |" in lines
    assert "| word_cnn | 64 | 100,000 | 1,000 | 100,000 | 200,000 | 1,060,000 |" in lines


def test_plan_follows_its_formulas(results):
    options = ("--documents", 36_000_000, "--epochs", 2, "--workers", 1, 3, "--gigabits", 0.032, "--core-hour", 4)
    finished = command("plan", results, *options)
    assert finished.status == 0, finished.err
    lines = finished.out.splitlines()
    # scoring: 36e6 documents at 1,000 a second are 10 hours
    assert "| 1 | 1,000 | 0.001 | 10.0 | 10 | 40.0 |" in lines
    assert "| 3 | 3,000 | 0.003 | 3.3 | 10 | 40.0 |" in lines
    assert "- One storage with 0.032 Gbit/s that all processes read from is the limit from 32 processes on." in lines
    assert "- Two processes: 2,000 documents/s by the formula, 1,900 measured, 95% of it." in lines
    # training: one hour of making ids, and of one process 2 * 36e6 documents at 640 a second
    assert "| 1 | 0.032 | 100.0 | 0.0 | 0.00 | 640 | 100% | 32 | 32 | 129 |" in lines
    # of three each computes 100 ms and updates 2,000 more rows in 40, sends 4/3 (0.1 + 3 * 0.096 + 3 * 0.004) MB in
    # 133.3, and waits 2 * 10
    assert "| 3 | 0.032 | 140.0 | 153.3 | 0.53 | 655 | 34% | 32 | 95 | 379 |" in lines
    assert (
        "- At 0.032 Gbit/s the exchange takes as long as the computing from 3 processes on, without its latency from 4."
        in lines
    )
    assert "- The largest term of a step of 3 processes at 0.032 Gbit/s is sending the bytes: 45% of it." in lines
    assert "- From 10 processes on a step touches every row of the embeddings." in lines
    # half a batch is computed in 80 ms and exchanged in 20, and 500 rows of the other process updated in 10
    assert lines[-1] == (
        "- Two processes on one machine, 32 documents per step each: 582 documents/s by the formula, 500 measured, 86%"
        " of it."
    )


def test_table_has_all_batch_sizes_and_plan_uses_the_largest(tmp_path):
    larger = [(metric, processes, batch and 4 * batch, values) for metric, processes, batch, values in MEASUREMENTS]
    both = write(tmp_path / "both.csv", [*larger, *(row for row in MEASUREMENTS if row[2])])
    lines = command("table", both).out.splitlines()
    assert "| training, news, word_cnn, steps of 64 | 640 | 500 | 0.78 |" in lines
    assert "| training, news, word_cnn, steps of 256 | 640 | 500 | 0.78 |" in lines
    planned = command("plan", both)
    assert planned.status == 0, planned.err
    assert planned.out == command("plan", write(tmp_path / "larger.csv", larger)).out


def test_plan_works_without_scoring_results(tmp_path):
    path = write(tmp_path / "scale.csv", [row for row in MEASUREMENTS if not row[0].startswith("scoring")])
    finished = command("plan", path)
    assert finished.status == 0, finished.err
    assert "Gbit/s of text" not in finished.out


@pytest.mark.parametrize("verb", ["plan", "table"])
def test_rejects_results_of_two_data_sets(verb, results, tmp_path):
    text = results.read_text(encoding="utf-8")
    results.write_text(text + "dense bytes,imdb,word_cnn,1,64,0,5\n", encoding="utf-8")
    finished = command(verb, results)
    assert finished.status == 1
    assert finished.err.strip() == "error: results of imdb and news in one file; give each data set its own --output"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--batch-size", 33), "--batch-size 33: give an even number, which two processes share equally"),
        (("--documents", 800), "--documents 800: give 0 or more than 800"),
    ],
    ids=["odd", "few"],
)
def test_rejects_invalid_options(options, message):
    finished = command("scale", *options)
    assert finished.status == 1
    assert finished.err.strip() == f"error: {message}"


def test_plan_rejects_missing_training_results(tmp_path):
    finished = command("plan", write(tmp_path / "scale.csv", MEASUREMENTS[:2]))
    assert finished.status == 1
    assert finished.err.startswith(
        "error: results of a training of word_cnn are missing; run python -m benchmarks scale"
    )


@pytest.mark.parametrize("verb", ["table", "plan"])
def test_tables_of_the_documentation_match_the_results(verb, tmp_path):
    copy, name = tmp_path / "page.md", {"table": "scale"}.get(verb, verb)
    text = (ROOT / "docs" / "distributed.md").read_text(encoding="utf-8")
    copy.write_text(re.sub(f"(<!-- {name} -->\n).*?(<!-- end -->)", r"\1\2", text, flags=re.DOTALL), encoding="utf-8")
    assert copy.read_text(encoding="utf-8") != text
    finished = command(verb, ROOT / "benchmarks" / "results" / "scale.csv", "--readme", copy)
    assert finished.status == 0, finished.err
    assert copy.read_text(encoding="utf-8") == text


@pytest.mark.full
def test_measures_one_and_two_processes(news_csv, tmp_path):
    head, *lines = news_csv.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in {"train": lines[::2], "dev": lines[1::4], "test": lines[3::4]}.items():
        (tmp_path / f"{name}.csv").write_text("".join([head, *part]), encoding="utf-8")
    options = ("--model", "word_cnn", "--sent-by", "rnn", "--batch-size", 32, "--epochs", 1, "--documents", 300_000)
    cores, path = (sorted(os.sched_getaffinity(0)) * 2)[:2], tmp_path / "scale.csv"
    options += ("--rounds", 1, "--cores", *cores, "--output", path)
    finished = command("scale", "--data", f"BBC={tmp_path}", *options)
    assert finished.status == 0, finished.err
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = scale.compute_medians(rows)
    assert all(value > 0 for value in known.values())
    for place in ((1, 32), (2, 16), (1, 16)):
        assert ("training documents/s", "word_cnn", *place) in known
    # a row of 64 numbers and its own number; the file has five digits of each value. word_cnn has rows of 16, too
    rows = known["embedding rows", "rnn", 1, 32]
    assert known["embedding bytes", "rnn", 1, 32] == pytest.approx(rows * 260, rel=1e-4)
    assert known["embedding bytes", "word_cnn", 1, 32] > known["embedding rows", "word_cnn", 1, 32] * 68
    assert known["embedding table bytes", "rnn", 1, 32] > known["embedding bytes", "rnn", 1, 32]
    assert known["exchange ms", "word_cnn", 2, 16] > 0
    finished = command("plan", path, "--model", "word_cnn")
    assert finished.status == 0, finished.err
