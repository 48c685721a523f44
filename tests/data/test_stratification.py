"""Held-out rows of multi-label data: each label has its part, and none is lost to training."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from kerascnn.config import SourceConfig
from kerascnn.data import Row, split_rows

NAMES = ("business", "law", "politics", "sport", "tech")


def news(count: int, seed: int = 0) -> list[Row]:
    """Rows of real proportions: some labels are ten times as frequent as others, and some go together."""
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        labels = {name for name, part in zip(NAMES, (0.4, 0.03, 0.3, 0.2, 0.08), strict=True) if draw.random() < part}
        labels |= {"politics"} if "law" in labels else set()
        rows.append(Row(f"Report {number}", tuple(sorted(labels)), "news.jsonl", number))
    return rows


def counts(rows):
    return Counter(label for row in rows for label in row.labels)


def test_each_part_has_its_share_of_each_label_and_of_rows_without_any():
    rows = news(1000)
    splits = split_rows(rows, None, None, SourceConfig(validation_fraction=0.2, test_fraction=0.1))
    assert sorted([*splits.train, *splits.validation, *splits.test], key=lambda row: row.number) == rows
    for part, fraction in ((splits.validation, 0.2), (splits.test, 0.1)):
        for label, count in counts(rows).items():
            assert counts(part)[label] == pytest.approx(fraction * count, abs=max(1, 0.05 * count * fraction)), label
        none = sum(not row.labels for row in rows)
        assert sum(not row.labels for row in part) == pytest.approx(fraction * none, abs=1)
    assert any("split off by labels (iterative stratification) with seed 0" in message for message in splits.messages)


def test_the_seed_decides_alone():
    rows = news(200)
    assert split_rows(rows, None, None, SourceConfig(split_seed=1)) == split_rows(
        rows, None, None, SourceConfig(split_seed=1)
    )
    assert split_rows(rows, None, None, SourceConfig(split_seed=1)) != split_rows(
        rows, None, None, SourceConfig(split_seed=2)
    )


@pytest.mark.parametrize("seed", range(20))
def test_no_label_is_in_held_out_rows_only(seed):
    # B stands only in rows that are dealt out for rarer labels
    pairs = [("A1", "B"), ("A1",), ("A1",), ("A2", "B"), ("A2",), ("A2",), ("A3", "B"), ("A3",), ("A3",)]
    rows = [Row(f"text {number}", labels, "few.jsonl", number) for number, labels in enumerate(pairs)]
    splits = split_rows(rows, None, None, SourceConfig(split_seed=seed, validation_fraction=0.3, test_fraction=0.3))
    assert set(counts(splits.train)) == {"A1", "A2", "A3", "B"}
    assert splits.validation and splits.test


def test_rows_of_a_label_too_rare_to_split_stay_in_training():
    rows = [*news(100), Row("Rare.", ("politics", "weather"), "news.jsonl", 100)]
    splits = split_rows(rows, None, None, SourceConfig())
    assert counts(splits.train)["weather"] == 1
    assert any("too few rows to split, all stay in the training data: " in message for message in splits.messages)


def test_repeats_and_contradictions_are_told_by_the_set_of_labels():
    rows = [
        *news(60),
        Row("Report 0", ("law",), "again.jsonl", 1),
        Row("Report 1", news(2)[1].labels, "again.jsonl", 2),
    ]
    messages = split_rows(rows, None, None, SourceConfig()).messages
    assert "rows that repeat a text with another label: 1 (first: again.jsonl, row 1)" in messages
    assert "rows that repeat an earlier text, left out before the split: 2 (first: again.jsonl, row 1)" in messages
