"""The find_threshold command: the threshold for a wanted precision."""

import csv
import json

import pytest

from kerascnn import TextClassifier
from tests.pipelines.conftest import command


def test_predictions_above_the_threshold_have_the_reported_precision(news_bundle, news_csv):
    folder, _ = news_bundle
    finished = command("find_threshold", folder, "--data", news_csv, "--precision", "0.995", "--json")
    assert finished.status == 0, finished.err
    answer = json.loads(finished.out)
    found = answer["found"]
    assert found in answer["curve"] and found["precision"] >= 0.995 > found["precision_lower_bound"]
    options = ("--input", news_csv, "--abstain-below", found["threshold"] - 1e-6)
    rows = list(csv.DictReader(command("predict", folder, *options).out.splitlines()))
    given = [row for row in rows if row["predicted_label"]]
    assert len(given) / len(rows) == pytest.approx(found["coverage"])
    assert sum(row["label"] == row["predicted_label"] for row in given) / len(given) == pytest.approx(
        found["precision"]
    )


def test_numeric_labels_keep_their_order(news, tmp_path):
    labels = [{"sports": 2, "tech": 10}.get(label, 30) for label in news[1]]
    settings = {
        "model": "bow",
        "ngrams": (1, 2),
        "linear_ngrams": (),
        "ngram_buckets": 512,
        "max_length": 32,
        "epochs": 6,
        "learning_rate": 0.02,
    }
    classifier = TextClassifier(**settings).fit(news[0], labels)
    classifier.save(tmp_path / "numbers")
    with open(tmp_path / "numbers.csv", "w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *zip(news[0], labels, strict=True)])
    options = ("--data", tmp_path / "numbers.csv", "--precision", "0", "--json")
    finished = command("find_threshold", tmp_path / "numbers", *options)
    assert finished.status == 0, finished.err
    right = (classifier.predict(news[0]) == labels).mean()
    assert json.loads(finished.out)["found"]["precision"] == pytest.approx(right)


def test_prints_curve_and_next_command(news_bundle, news_csv):
    folder, _ = news_bundle
    finished = command("find_threshold", folder, "--data", news_csv, "--precision", "0.9")
    assert finished.status == 0, finished.err
    assert "at least (95 %)" in finished.out and f"predict {folder} --abstain-below" in finished.out


def test_unreachable_precision_reports_the_best(news_bundle, news_csv):
    folder, _ = news_bundle
    finished = command("find_threshold", folder, "--data", news_csv, "--precision", "1", "--lower-bound")
    assert finished.status == 1
    assert "no threshold reaches a precision of 100.0%; the best is" in finished.err
