"""An audit finds each kind of issue that is planted into clean news, and no issue in clean news."""

import re
import unicodedata
from pathlib import Path

import pytest

from kerascnn.audit.audit import run_audit
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import load_splits, split_rows
from tests.audit.planted_issues import PLANTED, audit_rows, change_text, issue_kinds, make_config, only_issue

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "data_audit.md"


def test_clean_news_has_no_issues(rows):
    assert audit_rows(rows).issues == []


def test_clean_news_has_only_split_notes(clean):
    train = [Row(text, (label,), "news.csv", number) for number, (text, label) in enumerate(clean, start=2)]
    assert issue_kinds(run_audit(split_rows(train, None, None, SourceConfig()), make_config())) == {"split"}


def test_every_issue_kind_is_documented():
    documented = re.findall(r"^\| (`.*?) \| (serious|warning|note)", DOCUMENTATION.read_text("utf-8"), re.MULTILINE)
    severities = {kind: severity for kinds, severity in documented for kind in re.findall(r"`(\w+)`", kinds)}
    assert {kind: severity for kind, (severity, _) in PLANTED.items()}.items() <= severities.items()


@pytest.mark.parametrize("kind", PLANTED)
def test_finds_planted_issue_with_its_rows(kind, rows):
    severity, plant = PLANTED[kind]
    planted = plant(list(rows["train"]))
    issue = only_issue(audit_rows(rows, make_config(max_length=320), {"train": plant}), kind)
    assert (issue.severity, issue.count) == (severity, 2)
    changed = [row for row in planted if row not in rows["train"]]
    assert [(example.file, example.row) for example in issue.examples] == [(row.file, row.number) for row in changed]
    assert all(len(example.text) <= 100 for example in issue.examples)
    assert issue.message.startswith("2 ")
    assert issue.message.endswith(f" (first: {changed[0].file}, row {changed[0].number})")


def test_example_shows_position_and_escapes_invisible_characters(rows):
    issue = only_issue(
        audit_rows(rows, None, {"train": change_text(lambda text: f"{text[:200]}\u200b{text[200:]}")}),
        "invisible_character",
    )
    assert "\\u200b" in issue.examples[0].text


def test_mojibake_is_distinguished_from_unusual_text(rows):
    fine = [
        "« JUGÉ » À VOIR: «É»",
        "NÃO, Ñandú, Ångström, Ä»",
        "Überraschung für Øyvind, 10 °C · £5",
        "naïve café — “oui”",
        "« indéterminé\xa0», plná\xa0– čeká, „Další…“, créé…”",
        "OGSÅ… «JÄ“ AMANHû AMANHÔ, SØ…",
    ]
    broken = [
        text.encode("utf-8").decode("latin-1")
        for text in ("naïve", "“oui”", "Привет", "你好", "😀", "goût", "سلام", "שלום")
    ]
    broken += ["锟斤拷烫烫烫", *(text.encode("utf-8").decode("cp1252") for text in ("naïve", "“oui", "£5"))]
    plant = lambda rows: [*rows, *(Row(text, ("tech",), "odd.csv", n) for n, text in enumerate([*fine, *broken]))]  # noqa: E731
    issue = only_issue(audit_rows(rows, None, {"train": plant}), "mojibake")
    assert issue.count == len(broken)
    assert issue.examples[0].row == len(fine)


def test_reports_mixed_normalization_only(rows):
    accents = change_text(lambda text: f"Café olé {text}", 6)
    decomposed = change_text(lambda text: unicodedata.normalize("NFD", f"Café olé {text}"), 2)
    issue = only_issue(audit_rows(rows, None, {"train": lambda rows: decomposed(accents(rows))}), "mixed_normalization")
    assert issue.count == 2 and "--text.normalize nfkc" in issue.suggestion
    assert "mixed_normalization" not in issue_kinds(audit_rows(rows, None, {"train": accents}))


@pytest.mark.parametrize(("name", "kind"), [("same", "train_overlap"), ("near", "near_train_overlap")])
def test_overlap_of_test_and_training_data_is_serious(name, kind, rows):
    def add_training_rows(test):
        of_train = rows["train"][:2]
        return [*test, *(row._replace(file="test.csv", number=90 + n,
                                      text=row.text if name == "same" else f"{row.text.lower()}?")
                         for n, row in enumerate(of_train))]  # fmt: skip

    issue = only_issue(audit_rows(rows, None, {"test": add_training_rows}), kind)
    assert (issue.severity, issue.count) == ("serious", 2)
    assert [example.row for example in issue.examples] == [90, 91]
    if name == "near":
        assert issue.examples[0].detail == f"similar to train.csv, row {rows['train'][0].number}"


def test_file_read_in_wrong_encoding_is_mojibake(write):
    lines = [f"Schöne Grüße aus Köln {number},{'ab'[number % 2]}" for number in range(20)]
    path = write("de.csv", "\n".join(["text,label", *lines]))
    source = SourceConfig(encoding="cp1252")
    config = make_config().replace_values({"source": {"encoding": "cp1252"}}, "test")
    assert only_issue(run_audit(load_splits([path], [], [], source), config), "mojibake").count > 10
    assert (
        "--source.encoding utf-8"
        in only_issue(run_audit(load_splits([path], [], [], source), config), "mojibake").suggestion
    )


def test_windows_1252_decoded_as_latin_1_is_mojibake(rows):
    change = change_text(lambda text: f"\u201c{text}\u201d it\u2019s".encode("cp1252", "replace").decode("latin-1"))
    issue = only_issue(audit_rows(rows, None, {"train": change}), "mojibake")
    assert issue.count == 2
    assert "ftfy.fix_text" in issue.suggestion and "--source.encoding" not in issue.suggestion
