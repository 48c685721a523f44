"""The audit before each training checks a sample, and counts all rows."""

import re

from kerascnn.audit import audit
from kerascnn.audit.audit import quick_audit
from kerascnn.data.config import SourceConfig
from kerascnn.data.splits import split_rows
from tests.audit.planted_issues import PLANTED, keep_all, make_config


def test_quick_audit_omits_issues_of_split(rows):
    def add_issues(rows):
        rows = PLANTED["mojibake"][1](PLANTED["duplicate"][1](PLANTED["rare_class"][1](rows)))
        return PLANTED["empty_text"][1](rows[::-1])

    assert quick_audit(split_rows(rows["train"], rows["validation"], rows["test"], SourceConfig()), make_config()) == []
    splits = split_rows(add_issues(list(rows["train"])), rows["validation"], rows["test"], SourceConfig())
    assert [issue.kind for issue in quick_audit(splits, make_config())] == [
        "mojibake",
        "class_imbalance",
        "rare_class",
        "missing_class",
        "missing_class",
    ]
    long = split_rows(rows["train"], rows["validation"], rows["test"], SourceConfig())
    [issue] = quick_audit(long, make_config("bow", max_length=30))
    assert issue.kind == "truncated" and "% of the training rows are longer than" in issue.message


def test_quick_audit_counts_all_rows_and_names_the_first():
    texts = [(f"{'Fine CafÃ©' if number % 3 == 1 else 'A café'} of the town, number {number}", "ab"[number % 2])
             for number in range(6000)]  # fmt: skip
    [issue] = [issue for issue in quick_audit(keep_all(texts), make_config()) if issue.kind == "mojibake"]
    assert issue.count == 2000 and issue.message.startswith("2,000 rows contain mojibake")
    assert "first: all.csv, row 3" in issue.message


def test_quick_audit_says_that_it_checked_a_sample(monkeypatch):
    monkeypatch.setattr(audit, "QUICK_AUDIT_ROWS", 100)
    wrong = ["", "CafÃ©", "CafÃ©", "CafÃ©"]
    texts = [(f"Café {number} {wrong[number % 4]} and more", "ab"[number // 2 % 2]) for number in range(1000)]
    [issue] = [issue for issue in quick_audit(keep_all(texts), make_config()) if issue.kind == "mojibake"]
    assert issue.message.startswith("in a sample of 100 of the 1,000 training rows, ")
    number = int(re.search(r"row (\d+)", issue.message)[1])
    assert "Ã" in texts[number - 2][0]
