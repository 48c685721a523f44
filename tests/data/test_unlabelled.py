"""Texts without labels, beside those that have one."""

from __future__ import annotations

from kerascnn.data import Row, Splits
from kerascnn.data.unlabelled import select_unlabelled_rows


def rows(file, *texts, label="x"):
    return [Row(text, label, file, number) for number, text in enumerate(texts, start=2)]


SPLITS = Splits(
    train=rows("train.csv", "A triumph.", "A bore."),
    validation=rows("dev.csv", "Dull."),
    test=rows("test.csv", "A gem.", "A café in Paris;\nnaïve"),
)


def test_new_texts_are_kept_in_their_order_and_lose_their_labels():
    kept, messages = select_unlabelled_rows(rows("more.csv", "Long.", "Short."), SPLITS)
    assert kept == rows("more.csv", "Long.", "Short.", label="")
    assert messages == []


def test_texts_of_the_test_data_and_all_that_is_known_already_are_left_out_counted_and_said():
    texts = ["A gem.", "Long.", "A café in Paris;\nnaïve", " \n", "Dull.", "Long.", "A bore.", "A triumph.", "Dull.\0"]
    kept, messages = select_unlabelled_rows(rows("more.csv", *texts), SPLITS)
    assert [row.text for row in kept] == ["Long.", "Dull. "]
    assert messages == [
        "unlabelled rows without text, left out: 1 (first: more.csv, row 5)",
        "unlabelled rows whose text is in the test data, left out: 2 (first: more.csv, row 2)",
        "unlabelled rows whose text is in the validation data, left out: 1 (first: more.csv, row 6)",
        "unlabelled rows whose text is in the training data, left out: 2 (first: more.csv, row 8)",
        "unlabelled rows that repeat an earlier one, left out: 1 (first: more.csv, row 7)",
    ]
