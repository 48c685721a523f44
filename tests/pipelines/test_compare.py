"""The compare command: two bundles on the same rows."""

import csv
import json

import pytest

from kerascnn import TextClassifier
from kerascnn.evaluation.paired_comparison import PairedComparison
from pipelines.compare import format_comparison
from tests.pipelines.conftest import command


@pytest.fixture(scope="module")
def weak_bundle(news, tmp_path_factory):
    """A classifier of the news that has learned a tenth of them."""
    folder, (texts, labels) = tmp_path_factory.mktemp("bundles") / "weak", news
    TextClassifier(model="bow", min_count=1, max_length=32, refit_rows=0).fit(texts[::10], labels[::10]).save(folder)
    return folder


def test_difference_and_disagreements(news_bundle, weak_bundle, news_csv, tmp_path):
    folder, table = news_bundle[0], tmp_path / "differ.csv"
    finished = command("compare", weak_bundle, folder, "--data", news_csv, "--disagreements", table, "--json")
    assert finished.status == 0, finished.err
    found = json.loads(finished.out)
    alone = json.loads(command("evaluate", folder, "--data", news_csv, "--json").out)
    assert found["b"]["accuracy"] == alone["accuracy"] > found["a"]["accuracy"]
    assert found["difference"] == pytest.approx(found["b"]["accuracy"] - found["a"]["accuracy"])
    assert found["interval"][0] < found["difference"] < found["interval"][1]
    assert found["p_value"] < 0.001 and found["test"] == "chi-squared"
    with open(table, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["prediction_a"] != row["prediction_b"] for row in rows)
    assert sum(row["label"] == row["prediction_a"] for row in rows) == found["only_a_right"]
    assert sum(row["label"] == row["prediction_b"] for row in rows) == found["only_b_right"]
    with open(news_csv, encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert all(texts[int(row["row"]) - 2] == row["text"] for row in rows)
    shown = command("compare", weak_bundle, folder, "--data", news_csv)
    assert "McNemar's test (chi-squared with continuity correction): p = " in shown.out
    assert "B is better on data like this" in shown.out
    equal = command("compare", folder, folder, "--data", news_csv)
    assert "p = 1; the data does not show which one is better" in equal.out


def test_tiny_p_value_is_a_bound():
    metrics = {"accuracy": 0.5}
    shown = format_comparison(["a", "b"], [{"accuracy": "accuracy"}, metrics, metrics], PairedComparison(1, 0, 9000, 1))
    assert "p < 1e-300;" in shown


def test_bundles_must_fit_each_other(news_bundle, reviews_zh_bundle, news_csv, tmp_path):
    finished = command("compare", news_bundle[0], reviews_zh_bundle[0], "--data", news_csv)
    assert finished.status == 1
    assert "news.csv, row 2: " in finished.err and "does not know the label 'business'" in finished.err
    finished = command("compare", news_bundle[0], news_bundle[0], "--data", news_csv, "--disagreements", "a.xlsx")
    assert "--disagreements a.xlsx: cannot write .xlsx" in finished.err
    before = news_csv.read_bytes()
    finished = command("compare", news_bundle[0], news_bundle[0], "--data", news_csv, "--disagreements", news_csv)
    assert finished.status == 1 and "would replace data that is read" in finished.err
    assert news_csv.read_bytes() == before
