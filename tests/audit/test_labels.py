"""An audit finds labels that are wrong, rare or written in several ways."""

import re

import pytest

from kerascnn.audit.audit import run_audit
from kerascnn.data.config import SourceConfig
from kerascnn.data.labels import parse_labels
from kerascnn.data.records import Record, Row
from kerascnn.data.splits import Splits, split_rows
from tests.audit.planted_issues import audit_rows, issue_kinds, make_config, only_issue


def test_class_imbalance_suggests_option(rows):
    def fewer(rows):
        of_tech = [row for row in rows if row.label == "tech"]
        return [row for row in rows if row.label != "tech"] + of_tech[: len(of_tech) // 5]

    issue = only_issue(audit_rows(rows, None, {"train": fewer}), "class_imbalance")
    assert issue.severity == "warning" and "'tech'" in issue.message
    assert "--training.class_weights balanced" in issue.suggestion
    linear = only_issue(audit_rows(rows, make_config("bow"), {"train": fewer}), "class_imbalance")
    assert linear.suggestion == "--training.class_weights balanced"


def test_reports_class_missing_from_test_data(rows):
    issue = only_issue(
        audit_rows(rows, None, {"test": lambda rows: [r for r in rows if r.label != "tech"]}), "missing_class"
    )
    assert "the test data has no row of 1 of 5 classes: 'tech'" in issue.message


def test_different_labels_are_not_similar(rows):
    names = iter(["C++", "C#", "C", "1", "-1", "1.5", "15", "1.1", "1.10", "+", "-"] * 24)
    renamed = [row._replace(labels=(next(names),)) for row in rows["train"][:220]]
    assert "similar_labels" not in issue_kinds(run_audit(Splits(renamed, [], []), make_config()))


LOOK_ALIKE = {
    "decomposed": ("caf\u00e9", "cafe\u0301"),
    "full width": ("A1", "\uff21\uff11"),
    "zero-width space": ("sport", "sp\u200bort"),
    "byte order mark": ("sport", "\ufeffsport"),
    "soft hyphen": ("sport", "spo\u00adrt"),
    "dash": ("sci-fi", "sci\u2013fi"),
    "minus": ("-1", "\u22121"),
    "spaces": ("world news", "world\u00a0 news"),
    "whole float": ("1", "1.0"),
    "ligature": ("file", "\ufb01le"),
    "apostrophe": ("don't", "don\u2019t"),
    "quotes": ('"top"', "\u201ctop\u201d"),
    "variation selector": ("\u2764", "\u2764\ufe0f"),
    "filler": ("sport", "spo\u3164rt"),
    "joiner": ("sport", "spo\u034frt"),
}


@pytest.mark.parametrize("case", LOOK_ALIKE)
def test_labels_that_look_alike_are_found_and_can_be_united(case, rows):
    label, other = LOOK_ALIKE[case]
    changed = [row._replace(labels=(other if number % 9 == 0 else label,)) for number, row in enumerate(rows["train"])]
    rest = [row._replace(labels=("rest",)) for row in rows["train"][:20]]
    assert "similar_labels" in issue_kinds(run_audit(Splits([*changed, *rest], [], []), make_config()))
    source = SourceConfig(normalize_labels=True)
    labels = [parse_labels(Record({"label": f" {name} "}, "a.csv", 1), source)[0] for name in (label, other)]
    assert labels[0] == labels[1] == (label,)


def kinds_with_labels(rows, *names):
    """Return the issues if the rows have labels in turns."""
    changed = [row._replace(labels=(names[number % len(names)],)) for number, row in enumerate(rows["train"])]
    return issue_kinds(run_audit(Splits(changed, [], []), make_config()))


@pytest.mark.parametrize(
    ("label", "other"),
    [
        ("istanbul", "İstanbul"), ("7", "007"), ("7", "+7"), ("0", "-0"), ("7", "7e0"), ("good", "g\u043eod"),
        ("good", '"good"'), ("good", "'good'"), ("straße", "STRASSE"), ("7", "\u0667"),
    ],
)  # fmt: skip
def test_labels_that_may_be_the_same_are_found(label, other, rows):
    assert "similar_labels" in kinds_with_labels(rows, label, other, "other")


@pytest.mark.parametrize(
    "label",
    [
        "['a', 'b']", "['a' 'b']", '["a"]', "('a', 'b')", "('a',)", "{'a'}", "[1, 2]", "[]", "[nan]", "['a'",
        "array(['a'], dtype=object)",
    ],
)  # fmt: skip
def test_lists_as_text_are_found(label, rows):
    assert "list_as_label" in kinds_with_labels(rows, label, "other", "[INST]", "(1) first", "[note]")
    assert "list_as_label" not in kinds_with_labels(rows, "other", "[INST]", "(1) first", "[note]")


@pytest.mark.parametrize("label", ["NaN", "n/a", "NaT", "#N/A", "(null)", "\\N", "-", "\u200b", "Ｎ／Ａ", "#REF!"])
def test_labels_that_mean_a_missing_value_are_found(label, rows):
    assert "missing_label_name" in kinds_with_labels(rows, label, "other", "another")
    assert "missing_label_name" not in kinds_with_labels(rows, "+", "-")


def test_finds_swapped_labels_first(news):
    texts, labels = news
    wrong = range(5, 300, 40)
    swapped = {"business": "sports", "sports": "tech", "tech": "politics", "politics": "entertainment"}
    swapped["entertainment"] = "business"
    labels = [swapped[label] if n in wrong else label for n, label in enumerate(labels)]
    pairs = zip(texts, labels, strict=True)
    splits = split_rows(
        [Row(text, (label,), "news.csv", n) for n, (text, label) in enumerate(pairs)], None, None, SourceConfig()
    )
    issue = only_issue(run_audit(splits, make_config("word_cnn"), label_errors=True), "label_error")
    assert {example.row for example in issue.examples} <= set(wrong)
    assert len(issue.examples) == 5 and issue.count < 30
    first = issue.examples[0]
    assert re.fullmatch(rf"'{labels[first.row]}', predicted '\w+' \(0\.\d\d\)", first.detail)
