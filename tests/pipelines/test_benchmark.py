"""The benchmark command: trainings in, a CSV file and a table out."""

import csv
import re
import shutil
import statistics

import pytest

from tests.pipelines.conftest import ROOT, command

FAST = ("network.filters=8", "network.ngram_buckets=1024", "text.max_length=32", "training.epochs=1")


@pytest.fixture(scope="module")
def folder(news_csv, tmp_path_factory):
    """A data set with a file for each split."""
    with open(news_csv, encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    place = tmp_path_factory.mktemp("benchmark") / "news"
    place.mkdir()
    for name, part in {"train": rows[::2], "dev": rows[1::4], "test": rows[3::4]}.items():
        with open(place / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *part])
    return place


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


def test_a_training_is_a_row_with_its_figures(results):
    first, second = rows_of(results)
    assert (first["model"], first["data"], first["seed"], second["seed"]) == ("word_cnn", "BBC", "0", "1")
    assert (first["training_rows"], first["test_rows"], first["epochs"]) == ("150", "75", "1")
    assert 0 <= float(first["accuracy"]) <= 1 and float(first["seconds"]) > 0
    assert int(first["model_keras_bytes"]) > 4 * int(first["parameters"])


@pytest.mark.full
def test_a_row_tells_how_large_its_artefacts_are_if_asked(results, folder, tmp_path):
    options = ("--data", f"BBC={folder}", "--seeds", 0, "--sizes", "--settings", *FAST)
    finished = command("benchmark", "accuracy", *options, "--output", tmp_path / "sizes.csv")
    assert finished.status == 0, finished.err
    [exported], plain = rows_of(tmp_path / "sizes.csv"), rows_of(results)[0]
    least = 4 * int(exported["parameters"])
    assert plain["saved_model_bytes"] == plain["tflite_bytes"] == plain["tflite_dynamic_bytes"] == ""
    assert int(exported["saved_model_bytes"]) > int(exported["tflite_bytes"]) > least
    assert least / 4 < int(exported["tflite_dynamic_bytes"]) < int(exported["tflite_bytes"]) / 2


def test_what_the_file_holds_is_not_trained_again(results, folder):
    before = results.read_bytes()
    options = ("--data", f"BBC={folder}", "--seeds", 0, 1, "--settings", *FAST, "--output", results)
    finished = command("benchmark", "accuracy", *options)
    assert finished.status == 0, finished.err
    assert results.read_bytes() == before


def test_the_table_has_the_mean_and_the_deviation_of_the_seeds(results):
    finished = command("benchmark", "table", results)
    assert finished.status == 0, finished.err
    line = finished.out.splitlines()[-1]
    values = [100 * float(row["accuracy"]) for row in rows_of(results)]
    assert f"| {statistics.mean(values):.2f} ± {statistics.stdev(values):.2f} |" in line
    assert line.startswith("| BBC | 150 / 75 | word_cnn (network.filters=8")


@pytest.mark.full
def test_folds_test_on_every_row_once_and_count_as_one_seed(news_csv, tmp_path):
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
        (("accuracy", "--settings", "epochs"), "--settings epochs: expected GROUP.KEY=VALUE"),
        (("accuracy", "--models", "word_cn"), "no model is called 'word_cn'; did you mean 'word_cnn'"),
        (("table", "nothing.csv"), "nothing.csv: no such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(options, complaint, tmp_path):
    finished = command("benchmark", *options, cwd=tmp_path)
    assert finished.status == 1
    assert complaint in finished.err
    assert len(finished.err.strip().splitlines()) == 1


def test_the_table_of_the_readme_is_that_of_the_results(tmp_path):
    readme = tmp_path / "README.md"
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    readme.write_text(
        re.sub("(<!-- accuracy -->\n).*?(<!-- end -->)", r"\1\2", text, flags=re.DOTALL), encoding="utf-8"
    )
    finished = command("benchmark", "table", ROOT / "pipelines" / "results" / "accuracy.csv", "--readme", readme)
    assert finished.status == 0, finished.err
    assert readme.read_text(encoding="utf-8") == text
