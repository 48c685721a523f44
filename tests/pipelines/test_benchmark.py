"""The accuracy benchmark: trainings, their CSV file and its tables."""

import csv
import json
import re
import shutil
import statistics
from pathlib import Path

import pytest

from pipelines.benchmark.accuracy import COLUMNS, parse_settings
from pipelines.benchmark.data_sets import draw_rows
from tests.pipelines.conftest import ROOT, command

FAST = ("network.filters=8", "network.ngram_buckets=1024", "text.max_length=32", "training.epochs=1")


def split(path, place):
    """Write a data set with a file per split: half, a quarter and a quarter of the rows of a file."""
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    place.mkdir()
    for name, part in {"train": rows[::2], "dev": rows[1::4], "test": rows[3::4]}.items():
        with open(place / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *part])
    return place


@pytest.fixture(scope="module")
def folder(news_csv, tmp_path_factory):
    return split(news_csv, tmp_path_factory.mktemp("benchmark") / "news")


@pytest.fixture(scope="module")
def results(folder):
    path = folder.parent / "accuracy.csv"
    data = ("--data", f"BBC={folder}", "--settings", *FAST, "--output", path)
    finished = command("benchmark", "accuracy", "--seeds", 0, 1, *data)
    assert finished.status == 0, finished.err
    return path


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_training_is_a_row_with_its_metrics(results):
    first, second = rows_of(results)
    assert (first["model"], first["data"], first["seed"], second["seed"]) == ("word_cnn", "BBC", "0", "1")
    assert (first["training_rows"], first["test_rows"], first["epochs"]) == ("150", "75", "1")
    assert 0 <= float(first["accuracy"]) <= 1 and float(first["seconds"]) > 0
    assert int(first["model_keras_bytes"]) > 4 * int(first["parameters"])


@pytest.mark.full
def test_a_student_learns_from_a_teacher_and_texts_without_labels(folder, tmp_path):
    options = ("--data", f"BBC={folder}", "--seeds", 0, "--rows", 40, "--unlabelled", 100)
    settings = (*FAST, "distillation.teacher=bow")
    finished = command("benchmark", "accuracy", *options, "--settings", *settings, "--output", tmp_path / "few.csv")
    assert finished.status == 0, finished.err
    [row] = rows_of(tmp_path / "few.csv")
    assert (row["model"], row["rows"], row["training_rows"]) == ("word_cnn", "40", "35")
    assert row["settings"].endswith("distillation.teacher=bow unlabelled=100")


def test_unlabelled_texts_are_other_training_rows(folder, tmp_path):
    options = draw_rows(str(folder), 40, 0, tmp_path, unlabelled=100)
    drawn, unlabelled = (
        [json.loads(line) for line in Path(options[i]).read_text(encoding="utf-8").splitlines()] for i in (1, 5)
    )
    assert (len(drawn), len(unlabelled), options[4]) == (40, 100, "--unlabelled")
    assert {row["text"] for row in drawn}.isdisjoint(row["text"] for row in unlabelled)
    assert all(set(row) == {"text"} for row in unlabelled)


def test_settings_may_be_those_of_a_packaged_file():
    settings = parse_settings(["compact_word", "network.filters=8"])
    assert (settings["text"], settings["network"]["filters"]) == ({"max_tokens": 12000}, 8)
    assert settings["network"]["embedding_dim"] == 16


@pytest.mark.full
def test_rows_have_artifact_sizes_on_request(results, folder, tmp_path):
    options = ("--data", f"BBC={folder}", "--seeds", 0, "--sizes", "--settings", *FAST)
    finished = command("benchmark", "accuracy", *options, "--output", tmp_path / "sizes.csv")
    assert finished.status == 0, finished.err
    [exported], plain = rows_of(tmp_path / "sizes.csv"), rows_of(results)[0]
    least = 4 * int(exported["parameters"])
    assert plain["saved_model_bytes"] == plain["tflite_bytes"] == plain["tflite_dynamic_bytes"] == ""
    assert int(exported["saved_model_bytes"]) > int(exported["tflite_bytes"]) > least
    assert least / 4 < int(exported["tflite_dynamic_bytes"]) < int(exported["tflite_bytes"]) / 2


def test_skips_trainings_that_the_file_has(results, folder):
    before = results.read_bytes()
    options = ("--data", f"BBC={folder}", "--seeds", 0, 1, "--settings", *FAST, "--output", results)
    finished = command("benchmark", "accuracy", *options)
    assert finished.status == 0, finished.err
    assert results.read_bytes() == before


def test_table_has_mean_and_deviation_over_seeds(results):
    finished = command("benchmark", "table", results)
    assert finished.status == 0, finished.err
    line = finished.out.splitlines()[-1]
    values = [100 * float(row["accuracy"]) for row in rows_of(results)]
    assert f"| {statistics.mean(values):.2f} ± {statistics.stdev(values):.2f} |" in line
    assert line.startswith("| BBC | 150 / 75 | word_cnn (network.filters=8")


@pytest.mark.full
def test_folds_test_every_row_once_and_count_as_one_seed(news_csv, tmp_path):
    shutil.copy(news_csv, tmp_path / "train.csv")
    with open(news_csv, encoding="utf-8") as file:
        head = file.readline()
    for name in ("dev", "test"):
        (tmp_path / f"{name}.csv").write_text(f"{head}1,shares fell in {name} trading,business\n", encoding="utf-8")
    options = ("--data", f"BBC={tmp_path}", "--folds", 2, "--seeds", 0, "--settings", *FAST)
    finished = command("benchmark", "accuracy", *options, "--output", tmp_path / "folds.csv")
    assert finished.status == 0, finished.err
    rows = rows_of(tmp_path / "folds.csv")
    assert [row["fold"] for row in rows] == ["1", "2"]
    assert sum(int(row["test_rows"]) for row in rows) == 302
    line = command("benchmark", "table", tmp_path / "folds.csv").out.splitlines()[-1]
    assert f"| 0 (2 folds) | {50 * sum(float(row['accuracy']) for row in rows):.2f} |" in line


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("accuracy", "--data", "demo:bbc", "--folds", "400"), "--folds 400: from 2 to the 386 rows"),
        (("accuracy", "--data", "nowhere"), "nowhere: no file train.csv"),
        (("accuracy", "--rows", "4"), "--rows 4: from 10, at least one per label, to the 1,9"),
        (("accuracy", "--rows", "200", "--folds", "2"), "--folds and --rows cannot be combined"),
        (("accuracy", "--rows", "200", "--unlabelled", "100"), "--unlabelled: needs --rows and --settings distill"),
        (("accuracy", "--settings", "epochs"), "--settings epochs: expected GROUP.KEY=VALUE"),
        (("accuracy", "--models", "tfidf_svm", "--settings", "training.epochs=3"), "tfidf_svm has no settings"),
        (("accuracy", "--models", "word_cn"), "no model is called 'word_cn'; did you mean 'word_cnn'"),
        (("accuracy", "--models", "tfidf_svm", "--rows", "50", "5000"), "--rows 5000: from 10, at least one per label"),
        (("table", "nothing.csv"), "nothing.csv: no such file"),
    ],
)
def test_input_errors_are_one_line(options, complaint, tmp_path):
    finished = command("benchmark", *options, cwd=tmp_path)
    assert finished.status == 1
    assert complaint in finished.err
    assert len(finished.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("page", "name", "options"),
    [*(("docs/benchmarks.md", name, ()) for name in ("accuracy", "speed", "inference")),
     ("docs/few_labels.md", "rows", ("--by-rows", "--rows", 50, 200, 1000)),
     ("docs/choosing_a_model.md", "models", ("--by-model", "--rows", 0, 500, 5000)),
     ("README.md", "models", ("--by-model", "--rows", 0, 200, 5000,
                              "--defaults-of", "word_cnn", "char_cnn", "bow", "sentence_transformer", "sentence_cnn",
                              "tfidf_svm", "fasttext"))],
)  # fmt: skip
def test_tables_of_the_documentation_match_the_results(page, name, options, tmp_path):
    copy, file = tmp_path / "page.md", {"models": "accuracy", "rows": "accuracy"}.get(name, name)
    text = (ROOT / page).read_text(encoding="utf-8")
    copy.write_text(re.sub(f"(<!-- {name} -->\n).*?(<!-- end -->)", r"\1\2", text, flags=re.DOTALL), encoding="utf-8")
    assert copy.read_text(encoding="utf-8") != text
    finished = command(
        "benchmark", "table", ROOT / "benchmarks" / "results" / f"{file}.csv", *options, "--readme", copy
    )
    assert finished.status == 0, finished.err
    assert copy.read_text(encoding="utf-8") == text


def results_file(path, *rows):
    """Write a results file with one row per model, data set, settings, seed and accuracy."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for model, data, settings, seed, accuracy in rows:
            metrics = {"accuracy": accuracy, "macro_f1": accuracy, "training_rows": 1200, "parameters": 10}
            writer.writerow(
                {"model": model, "data": data, "settings": settings, "seed": seed, "device": "CPU"} | metrics
            )
    return path


def test_comparison_uses_the_settings_nearest_to_the_defaults(tmp_path):
    path = results_file(
        tmp_path / "accuracy.csv",
        ("bow", "TREC", "", 0, 0.90),
        ("bow", "TREC", "", 1, 0.92),
        ("word_cnn", "TREC", "training.epochs=3", 0, 0.99),
        ("word_cnn", "TREC", "", 0, 0.90),
        ("word_cnn", "TREC", "", 1, 0.93),
        ("word_cnn", "TREC", "transfer.vectors=glove.txt", 0, 0.8),
        ("vdcnn", "TREC", "text.max_length=64 training.epochs=3", 0, 0.5),
        ("bow", "BBC", "", 0, 0.97),
    )
    finished = command("benchmark", "table", path, "--by-model")
    assert finished.status == 0, finished.err
    assert finished.out.splitlines() == [
        "| data | training rows | bow | vdcnn | word_cnn | word_cnn, vectors |",
        "| --- | --- | --- | --- | --- | --- |",
        r"| TREC | 1,200 | **91.0** | 50.0\* | **91.5** | 80.0 |",
        "| BBC | 1,200 | 97.0 |  |  |  |",
    ]
    finished = command("benchmark", "table", path, "--by-model", "--defaults-of", "word_cnn", "vdcnn", "bow")
    assert finished.out.splitlines() == [
        "| data | training rows | word_cnn | bow |",
        "| --- | --- | --- | --- |",
        "| TREC | 1,200 | **91.5** | **91.0** |",
        "| BBC | 1,200 |  | 97.0 |",
    ]


def test_table_by_rows_has_a_column_for_each_number_of_training_rows(tmp_path):
    path = tmp_path / "accuracy.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for model, settings, number, seed, accuracy in (
            ("tfidf_svm", "", 200, 0, 0.58),
            ("tfidf_svm", "", 200, 1, 0.6),
            ("word_cnn", "", 200, 0, 0.7),
            ("word_cnn", "", 200, 1, 0.74),
            ("word_cnn", "transfer.vectors=a.txt", 50, 0, 0.5),
            ("word_cnn", "transfer.vectors=a.txt", 200, 0, 0.71),
            ("tfidf_svm", "", "", 0, 0.9),
            ("word_cnn", "", 1000, 0, 0.8),
        ):
            row = {"model": model, "data": "TREC", "settings": settings, "device": "CPU", "seed": seed, "rows": number}
            metrics = {"accuracy": accuracy, "macro_f1": accuracy, "parameters": 1_000_000, "training_rows": 1000}
            writer.writerow(row | metrics)
    finished = command("benchmark", "table", path, "--by-rows")
    assert finished.status == 0, finished.err
    assert finished.out.splitlines() == [
        "| data | model | parameters | 50 rows | 200 rows | 1,000 rows | all rows |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| TREC | word_cnn | 1.0M |  | **72.00 ± 2.83** | **80.00** |  |",
        "| TREC | word_cnn (transfer.vectors=a.txt) | 1.0M | **50.00** | **71.00** |  |  |",
        "| TREC | tfidf_svm | 1.0M |  | 59.00 ± 1.41 |  | **90.00** |",
    ]
    finished = command("benchmark", "table", path, "--by-rows", "--rows", 50, 1000)
    assert finished.out.splitlines()[2:] == [
        "| TREC | word_cnn (transfer.vectors=a.txt) | 1.0M | **50.00** |  |",
        "| TREC | word_cnn | 1.0M |  | **80.00** |",
    ]
    finished = command("benchmark", "table", path, "--by-model", "--rows", 0)
    assert finished.out.splitlines()[-1] == "| TREC | 1,000 | 90.0 |"
    for given, complaint in {
        ("--by-rows", "--by-model"): "are two tables; leave one of them out",
        ("--rows", "7"): "accuracy.csv: no results with 7 rows",
    }.items():
        finished = command("benchmark", "table", path, *given)
        assert finished.status == 1 and complaint in finished.err


def means(column):
    """Mean of a column by data set, its folds included, and its largest number of training rows, then by model.

    Only results with default settings and all rows of a data set count.
    """
    groups, training_rows = {}, {}
    for row in rows_of(ROOT / "benchmarks" / "results" / "accuracy.csv"):
        if not row["settings"] and not row["rows"]:
            groups.setdefault(row["data"], {}).setdefault(row["model"], []).append(row)
            training_rows[row["data"]] = max(int(row["training_rows"]), training_rows.get(row["data"], 0))
    return {
        (data, training_rows[data]): {
            name: statistics.mean(float(run[column]) for run in runs) for name, runs in models.items()
        }
        for data, models in groups.items()
    }


def test_advice_of_the_documentation_follows_from_the_results():
    for (data, rows), accuracy in means("accuracy").items():
        # word_cnn if the text has spaces between words, otherwise char_cnn
        best = max(accuracy.get("word_cnn", 0), accuracy.get("char_cnn", 0))
        below = {"rnn", "transformer"} | ({"dpcnn"} if rows < 10_000 else set())
        assert all(accuracy[name] < best for name in below & accuracy.keys()), data
        assert accuracy.get("bow", 0) < best + 0.002, data
    for (data, _), seconds in means("seconds").items():
        others = [seconds[name] for name in seconds if name not in ("bow", "tfidf_svm", "fasttext")]
        assert "bow" not in seconds or 2 * seconds["bow"] < min(others), data
