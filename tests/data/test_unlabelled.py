"""Unlabelled texts are selected if they are new."""

from __future__ import annotations

from kerascnn.data.records import Row
from kerascnn.data.splits import Splits
from kerascnn.data.unlabelled import select_unlabelled_rows


def rows(file, *texts, label="x"):
    return [Row(text, (label,) if label else (), file, number) for number, text in enumerate(texts, start=2)]


SPLITS = Splits(
    train=rows("train.csv", "A triumph.", "A bore."),
    validation=rows("dev.csv", "Dull."),
    test=rows("test.csv", "A gem.", "A café in Paris;\nnaïve"),
)


def test_new_texts_keep_order_and_lose_labels():
    kept, messages = select_unlabelled_rows(rows("more.csv", "Long.", "Short."), SPLITS)
    assert kept == rows("more.csv", "Long.", "Short.", label="")
    assert messages == []


def test_drops_and_reports_known_texts():
    texts = ["A gem.", "Long.", "A café in Paris;\nnaïve", " \n", "Dull.", "Long.", "A bore.", "A triumph.", "Dull.\0"]
    kept, messages = select_unlabelled_rows(rows("more.csv", *texts), SPLITS)
    assert [row.text for row in kept] == ["Long.", "Dull. "]
    assert messages == [
        "1 unlabelled row has no text and was dropped (first: more.csv, row 5)",
        "2 unlabelled rows repeat a text of the test data and were dropped (first: more.csv, row 2)",
        "1 unlabelled row repeats a text of the validation data and was dropped (first: more.csv, row 6)",
        "2 unlabelled rows repeat a text of the training data and were dropped (first: more.csv, row 8)",
        "1 unlabelled row repeats an earlier text and was dropped (first: more.csv, row 7)",
    ]
