"""Splits of multi-label data keep the proportion of each label, and every label in the training data."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import split_rows

NAMES = ("business", "law", "politics", "sport", "tech")


def news(count: int, seed: int = 0) -> list[Row]:
    """Return rows of realistic proportions: some labels are ten times as frequent as others, and some co-occur."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        labels = {name for name, part in zip(NAMES, (0.4, 0.03, 0.3, 0.2, 0.08), strict=True) if draw.random() < part}
        labels |= {"politics"} if "law" in labels else set()
        rows.append(Row(f"Report {number}", tuple(sorted(labels)), "news.jsonl", number, "multi_label"))
    return rows


def counts(rows):
    return Counter(label for row in rows for label in row.labels)


def test_multi_label_split_keeps_label_proportions():
    rows = news(1000)
    splits = split_rows(rows, None, None, SourceConfig(validation_fraction=0.2, test_fraction=0.1))
    assert sorted([*splits.train, *splits.validation, *splits.test], key=lambda row: row.number) == rows
    for part, fraction in ((splits.validation, 0.2), (splits.test, 0.1)):
        for label, count in counts(rows).items():
            assert counts(part)[label] == pytest.approx(fraction * count, abs=max(1, 0.05 * count * fraction)), label
        none = sum(not row.labels for row in rows)
        assert sum(not row.labels for row in part) == pytest.approx(fraction * none, abs=1)
    assert any("stratified by labels (iterative stratification), seed 0" in message for message in splits.messages)


def test_multi_label_split_depends_on_seed():
    rows = news(200)
    assert split_rows(rows, None, None, SourceConfig(split_seed=1)) == split_rows(
        rows, None, None, SourceConfig(split_seed=1)
    )
    assert split_rows(rows, None, None, SourceConfig(split_seed=1)) != split_rows(
        rows, None, None, SourceConfig(split_seed=2)
    )


@pytest.mark.parametrize("seed", range(20))
def test_every_label_stays_in_training_data(seed):
    # B occurs only in rows that are assigned because of rarer labels
    pairs = [("A1", "B"), ("A1",), ("A1",), ("A2", "B"), ("A2",), ("A2",), ("A3", "B"), ("A3",), ("A3",)]
    rows = [Row(f"text {number}", labels, "few.jsonl", number, "multi_label") for number, labels in enumerate(pairs)]
    splits = split_rows(rows, None, None, SourceConfig(split_seed=seed, validation_fraction=0.3, test_fraction=0.3))
    assert set(counts(splits.train)) == {"A1", "A2", "A3", "B"}
    assert splits.validation and splits.test


def test_rows_of_rare_label_stay_in_training_data():
    rows = [*news(100), Row("Rare.", ("politics", "weather"), "news.jsonl", 100, "multi_label")]
    splits = split_rows(rows, None, None, SourceConfig())
    assert counts(splits.train)["weather"] == 1
    message = "2 of 6 classes have too few rows to split and stay in the training data: 'law', 'weather'"
    assert any(message in issue for issue in splits.messages), splits.messages


def test_multi_label_duplicates_and_conflicts_compare_all_labels():
    rows = [
        *news(60),
        Row("Report 0", ("law",), "again.jsonl", 1, "multi_label"),
        Row("Report 1", news(2)[1].labels, "again.jsonl", 2, "multi_label"),
    ]
    messages = split_rows(rows, None, None, SourceConfig()).messages
    assert "1 row repeats an earlier text with a different label (first: again.jsonl, row 1)" in messages
    assert "2 rows repeat an earlier text and were dropped before the split (first: again.jsonl, row 1)" in messages
