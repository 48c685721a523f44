"""The benchmarks of training and inference speed, with the tutorials as contestants."""

import csv

import pytest

from pipelines.benchmark import inference, speed
from tests.pipelines.conftest import command

RUNS = [
    ("kerascnn", 0, 3000, 0.80),
    ("kerascnn", 1, 5000, 0.82),
    ("kerascnn", 2, 4000, 0.84),
    ("keras", 0, 1000, 0.81),
    ("keras", 1, 1100, 0.81),
    ("keras", 2, 900, 0.81),
]


@pytest.fixture
def results(tmp_path):
    """Results as the command writes them: 1,000 rows, one epoch, 2 GFLOP on a machine with 10 GFLOP/s."""
    path = tmp_path / "speed.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(speed.COLUMNS)
        for name, number, rate, accuracy in RUNS:
            seconds = 1000 / rate
            writer.writerow((name, "BBC", number, 1000, 40, 1, accuracy, rate, seconds, seconds + 9, 900, 2, 10, 7.5))
    return path


def test_table_has_medians_and_ratios_to_the_tutorials(results):
    finished = command("benchmark", "table", results)
    assert finished.status == 0, finished.err
    ours, keras = finished.out.splitlines()[-2:]
    assert ours == "| BBC, 1,000 rows, length 40 | kerascnn | 4,000 | 4.0 |  | 80% | 9 | 7.5 | 900 | 82.00 ± 2.00 |"
    assert keras == "| BBC, 1,000 rows, length 40 | keras | 1,000 | 1.0 |  | 20% | 10 | 7.5 | 900 | 81.00 ± 0.00 |"


def test_rejects_file_of_another_kind(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\ngood,yes\n", encoding="utf-8")
    finished = command("benchmark", "table", "rows.csv", cwd=tmp_path)
    assert finished.status == 1
    assert finished.err.startswith("error: rows.csv: no benchmark results; expected the columns of accuracy or speed")
    assert len(finished.err.splitlines()) == 1


def test_compares_inference_with_the_keras_tutorial(tmp_path):
    with open(tmp_path / "inference.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(inference.COLUMNS)
        for name, number, speed_, milliseconds in (
            ("edge", 0, 900, 0.2),
            ("edge", 1, 1100, 0.4),
            ("keras", 0, 250, 40),
        ):
            writer.writerow((name, "BBC", number, 75, 40, speed_, milliseconds, 0.9))
    finished = command("benchmark", "table", tmp_path / "inference.csv")
    assert finished.status == 0, finished.err
    assert finished.out.splitlines()[-2] == "| BBC, 75 texts, length 40 | edge | 1,000 | 4.0 | 0.30 |"


@pytest.fixture(scope="module")
def news_folder(news_csv, tmp_path_factory):
    """A file per split: 150 training rows, 75 validation rows, 75 test rows."""
    folder = tmp_path_factory.mktemp("news")
    head, *lines = news_csv.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in {"train": lines[::2], "dev": lines[1::4], "test": lines[3::4]}.items():
        (folder / f"{name}.csv").write_text("".join([head, *part]), encoding="utf-8")
    return folder


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.full
def test_all_contestants_train_on_the_same_rows(news_folder, tmp_path):
    contestants = ("--contestants", "kerascnn", "keras", "torch")
    options = ("--data", f"BBC={news_folder}", "--epochs", 1, "--rounds", 1, "--training-rows", 100)
    finished = command("benchmark", "speed", *options, *contestants, "--output", tmp_path / "speed.csv")
    assert finished.status == 0, finished.err
    rows = rows_of(tmp_path / "speed.csv")
    assert [row["contestant"] for row in rows][:2] == ["kerascnn", "keras"]
    for row in rows:
        assert (row["training_rows"], row["epochs"], row["data"]) == ("100", "1", "BBC")
        assert 0 < float(row["accuracy"]) <= 1
        assert float(row["documents_per_second"]) == pytest.approx(100 / float(row["seconds"]), rel=1e-3)
        assert float(row["total_seconds"]) > float(row["seconds"])
        assert float(row["peak_megabytes"]) > 100
        assert float(row["cpu_seconds"]) > 1


@pytest.mark.full
def test_all_contestants_predict_the_same_texts(news_folder, tmp_path):
    options = ("--data", f"BBC={news_folder}", "--rounds", 1, "--output", tmp_path / "inference.csv")
    finished = command("benchmark", "inference", *options)
    assert finished.status == 0, finished.err
    rows = {row["contestant"]: row for row in rows_of(tmp_path / "inference.csv")}
    ours = ("model.keras", "serving/1", "edge/model_float32.tflite", "edge/model_int8.tflite")
    assert {f"kerascnn, {artifact}" for artifact in ours} | {"keras", "sklearn"} <= set(rows)
    for row in rows.values():
        assert row["texts"] == "75"
        assert float(row["documents_per_second"]) > 0 and float(row["milliseconds"]) > 0
        assert 0 <= float(row["accuracy"]) <= 1
