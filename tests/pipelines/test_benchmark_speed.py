"""The speed benchmark: the tutorials' trainings beside ours."""

import csv

import pytest

from pipelines.benchmark.speed import COLUMNS
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
    """Rows as the command writes them: 1,000 rows, an epoch, 2 GFLOP on a machine that does 10 a second."""
    path = tmp_path / "speed.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for name, number, speed, accuracy in RUNS:
            seconds = 1000 / speed
            writer.writerow((name, "BBC", number, 1000, 40, 1, accuracy, speed, seconds, seconds + 9, 900, 2, 10))
    return path


def test_the_table_has_medians_and_their_ratios_to_the_tutorials(results):
    finished = command("benchmark", "table", results)
    assert finished.status == 0, finished.err
    ours, keras = finished.out.splitlines()[-2:]
    assert ours == "| BBC, 1,000 rows, length 40 | kerascnn | 4,000 | 4.0 |  | 80% | 9 | 900 | 82.00 ± 2.00 |"
    assert keras == "| BBC, 1,000 rows, length 40 | keras | 1,000 | 1.0 |  | 20% | 10 | 900 | 81.00 ± 0.00 |"


def test_a_file_of_no_benchmark_makes_no_table(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\ngood,yes\n", encoding="utf-8")
    finished = command("benchmark", "table", "rows.csv", cwd=tmp_path)
    assert finished.status == 1
    assert finished.err == "error: rows.csv: no rows of a benchmark; expected the columns of accuracy or speed\n"


@pytest.mark.full
def test_all_contestants_train_on_the_same_rows_and_tell_their_figures(news_csv, tmp_path):
    data = tmp_path / "news"
    data.mkdir()
    lines = news_csv.read_text(encoding="utf-8").splitlines(keepends=True)
    for name, part in {"train": lines[1::2], "dev": lines[2::4], "test": lines[4::4]}.items():
        (data / f"{name}.csv").write_text("".join([lines[0], *part]), encoding="utf-8")
    path = tmp_path / "speed.csv"
    contestants = ("--contestants", "kerascnn", "keras", "torch")
    options = ("--data", f"BBC={data}", "--epochs", 1, "--rounds", 1, "--training-rows", 100)
    finished = command("benchmark", "speed", *options, *contestants, "--output", path)
    assert finished.status == 0, finished.err
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["contestant"] for row in rows][:2] == ["kerascnn", "keras"]
    for row in rows:
        assert (row["training_rows"], row["epochs"], row["data"]) == ("100", "1", "BBC")
        assert 0 < float(row["accuracy"]) <= 1
        assert float(row["documents_per_second"]) == pytest.approx(100 / float(row["seconds"]), rel=1e-3)
        assert float(row["total_seconds"]) > float(row["seconds"])
        assert float(row["peak_megabytes"]) > 100
