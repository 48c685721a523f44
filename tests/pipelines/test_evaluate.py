"""The evaluate command: metrics of a bundle on labelled data."""

import csv
import json

import pytest

from tests.pipelines.conftest import command


def test_metrics_agree_with_predictions(news_bundle, news_csv, tmp_path):
    folder, _ = news_bundle
    finished = command("evaluate", folder, "--data", news_csv, "--json", "--plot", tmp_path / "matrix.png")
    assert finished.status == 0, finished.err
    metrics = json.loads(finished.out)
    predicted = command("predict", folder, "--input", news_csv).out
    rows = list(csv.DictReader(predicted.splitlines()))
    hits = sum(row["label"] == row["predicted_label"] for row in rows)
    assert metrics["accuracy"] == pytest.approx(hits / len(rows))
    assert sum(map(sum, metrics["confusion_matrix"])) == metrics["rows"] == len(rows)
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")


def test_prints_one_line_per_class(reviews_zh_bundle, reviews_zh_csv):
    folder, _ = reviews_zh_bundle
    finished = command("evaluate", folder, "--data", reviews_zh_csv)
    assert finished.status == 0, finished.err
    assert [line.split()[0] for line in finished.out.splitlines()[:3]] == ["class", "neg", "pos"]
    assert "macro-F1" in finished.out


def test_rejects_unknown_label_with_its_row(news_bundle, tmp_path):
    folder, _ = news_bundle
    (tmp_path / "test.csv").write_text("text,label\na match,sport\nrain tomorrow,weather\n", encoding="utf-8")
    finished = command("evaluate", folder, "--data", tmp_path / "test.csv")
    assert finished.status == 1
    assert "test.csv, row 2" in finished.err and "'sport'" in finished.err and "'sports'" in finished.err
