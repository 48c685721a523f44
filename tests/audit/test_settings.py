"""An audit suggests settings that fit the texts, and none that is used already."""

import re
import unicodedata

import pytest

from kerascnn import config as configuration
from kerascnn.audit.audit import quick_audit, run_audit
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import split_rows
from tests.audit.planted_issues import (
    PLANTED,
    append_changed,
    audit_rows,
    change_text,
    issue_kinds,
    make_config,
    make_rows,
    only_issue,
)
from tests.encoders.tiny_encoder import tiny_sentence_encoder


def test_lengths_have_units_of_model(rows):
    def words(text):
        return len(re.findall(r"[^\W_]+|[^\w\s]", text))

    for model, unit, count in (("char_cnn", "characters", len), ("bow", "words and punctuation", words)):
        tokens = audit_rows(rows, make_config(model)).statistics["train"]["tokens"]
        expected = sum(count(row.text) for row in rows["train"]) / len(rows["train"])
        assert tokens["unit"] == unit
        assert tokens["mean"] == pytest.approx(expected, rel=0.02)


def test_truncation_counts_rows_and_tokens(rows):
    report = audit_rows(rows, make_config(max_length=256))
    lengths = [len(row.text) for row in rows["train"]]
    cut = report.statistics["train"]["truncated"]
    assert cut["rows"] == pytest.approx(sum(length > 256 for length in lengths) / len(lengths), abs=0.02)
    assert cut["tokens"] == pytest.approx(sum(max(0, length - 256) for length in lengths) / sum(lengths), abs=0.01)
    issue = only_issue(report, "truncated")
    assert issue.severity == "warning" and "--text.max_length 320" in issue.suggestion


def test_reports_max_length_far_above_all_lengths(rows):
    assert (
        "--text.max_length 320"
        in only_issue(audit_rows(rows, make_config(max_length=4096)), "max_length_too_long").suggestion
    )


def test_vocabulary_coverage_matches_vectorizer(rows):
    from kerascnn.text.vectorizer import Vectorizer

    config = make_config("word_cnn", min_count=3, max_length=40)
    report = audit_rows(rows, config)
    vectorizer = Vectorizer.adapt([row.text for row in rows["train"]], config.text)
    ids = [number for row in rows["test"] for number in vectorizer.encode_text(row.text)]
    assert report.statistics["test"]["vocabulary_coverage"]["tokens"] == pytest.approx(1 - ids.count(1) / len(ids))
    tokens = {token for row in rows["test"] for token in vectorizer.tokenize_text(row.text)}
    assert report.statistics["test"]["vocabulary_coverage"]["types"] == pytest.approx(
        len(tokens & set(vectorizer.vocabulary)) / len(tokens)
    )
    issue = next(issue for issue in report.issues if issue.kind == "out_of_vocabulary")
    assert "--text.min_count 1" in issue.suggestion and "--model char_cnn" in issue.suggestion


def test_suggests_character_model_for_chinese(write, chinese_reviews):
    train = [Row(text, (label,), "zh.csv", number) for number, (text, label) in enumerate(chinese_reviews)]
    splits = split_rows(train, None, None, SourceConfig())
    assert only_issue(run_audit(splits, make_config("word_cnn")), "no_word_spaces").suggestion == "--model char_cnn"
    assert "no_word_spaces" not in issue_kinds(run_audit(splits, make_config("char_cnn")))
    assert "no_word_spaces" in {issue.kind for issue in quick_audit(splits, make_config("word_cnn"))}


LANGUAGES = {"en": "The weather is fine, {}", "ru": "Погода хорошая, {}", "el": "Ο καιρός είναι καλός, {}"}


def test_languages_that_are_classes_need_no_rows_of_every_class():
    pairs = [(text.format(number), label) for number in range(40) for label, text in LANGUAGES.items()]
    rows = [*make_rows(pairs), Row("Москва 1", ("en",), "all.csv", 999)]
    splits = split_rows(rows, None, None, SourceConfig())
    issue = only_issue(run_audit(splits, make_config("word_cnn")), "mixed_scripts")
    assert issue.severity == "note" and "if the classes are languages" in issue.suggestion
    assert "mixed_scripts" not in {issue.kind for issue in quick_audit(splits, make_config("word_cnn"))}


@pytest.mark.parametrize(("model", "is_suggested"), [("word_cnn", True), ("char_cnn", False), ("vdcnn", False)])
def test_model_that_reads_characters_is_not_suggested_to_who_uses_it(model, is_suggested):
    pairs = [(text.format(number), "ab"[number % 2]) for number in range(40) for text in LANGUAGES.values()]
    report = run_audit(split_rows(make_rows(pairs), None, None, SourceConfig()), make_config(model))
    suggestions = " ".join(issue.suggestion for issue in report.issues)
    assert ("--model char_cnn" in suggestions) == is_suggested
    assert "each language has rows of every class" in only_issue(report, "mixed_scripts").suggestion


USED = {
    "class_weights": ({"training": {"class_weights": "balanced"}}, "class_imbalance", "class_weights", "note"),
    "sampling": ({"training": {"sampling": "balanced"}}, "class_imbalance", "sampling", "note"),
    "focal loss": ({"training": {"focal_gamma": 2.0}}, "class_imbalance", "focal_gamma", "note"),
    "metric": ({"training": {"monitor": "macro_f1"}}, "class_imbalance", "macro_f1", "warning"),
    "vectors": ({"transfer": {"vectors": "v.vec"}}, "rare_class", "--vectors", "warning"),
    "bundle": ({"transfer": {"init_from": "folder"}}, "rare_class", "--init-from", "warning"),
    "labels": ({"source": {"normalize_labels": True}}, "similar_labels", "normalize-labels", "serious"),
    "utf-8": ({"source": {"encoding": "U8"}}, "mojibake", "--source.encoding", "serious"),
    "utf-8 with a mark": ({"source": {"encoding": "utf_8_sig"}}, "mojibake", "--source.encoding", "serious"),
}


@pytest.mark.parametrize("case", USED)
def test_no_setting_is_suggested_that_is_used(case, rows):
    values, kind, option, severity = USED[case]
    plant = PLANTED["rare_class" if kind == "class_imbalance" else kind][1]
    before = only_issue(audit_rows(rows, make_config("word_cnn"), {"train": plant}), kind)
    config = make_config("word_cnn").replace_values(values, "test")
    issue = only_issue(audit_rows(rows, config, {"train": plant}), kind)
    assert option in before.suggestion or kind == "mojibake"
    assert option not in issue.suggestion and issue.severity == severity


def test_normalized_texts_need_no_normal_form(rows):
    change = change_text(lambda text: unicodedata.normalize("NFD", f"Café. {text}"))
    changes = {"train": lambda rows: [*change(rows), rows[0]._replace(text="Café au lait", number=999)]}
    assert "nfkc" in only_issue(audit_rows(rows, None, changes), "mixed_normalization").suggestion
    assert "mixed_normalization" not in issue_kinds(audit_rows(rows, make_config(normalize="nfkc"), changes))


@pytest.mark.parametrize(("file", "quoting"), [("a.jsonl", "standard"), ("a.parquet", "standard"), ("a.csv", "none")])
def test_texts_without_quotes_of_the_file_swallow_no_rows(file, quoting, rows):
    changes = {"train": append_changed(lambda row: row._replace(text=f"{row.text}!,{row.label}\nAnother"), file=file)}
    config = make_config().replace_values({"source": {"quoting": quoting}}, "test")
    assert "swallowed_row" not in issue_kinds(audit_rows(rows, config, changes))


def test_every_suggested_option_exists(rows):
    suggested = " ".join(
        issue.suggestion
        for severity, plant in PLANTED.values()
        for issue in audit_rows(rows, make_config("word_cnn", max_length=40), {"train": plant}).issues
    )
    options = set(re.findall(r"--([\w.-]+)", suggested))
    assert len(options) > 5
    groups = {
        "vectors", "init-from", "model", "text-column", "label-column", "label-separator", "validation-data",
        "test-data",
    }  # fmt: skip
    for option in options - groups:
        group, _, key = option.replace("-", "_").partition(".")
        assert hasattr(getattr(configuration.default_config(), group), key), option


def test_warns_of_scripts_that_pretrained_weights_do_not_know(write, chinese_reviews):
    texts = [*chinese_reviews[:40], *[(f"यह फिल्म बहुत अच्छी थी {number}", "pos") for number in range(10)]]
    train = [Row(text, (label,), "zh.csv", number) for number, (text, label) in enumerate(texts)]
    splits = split_rows(train, None, None, SourceConfig())
    config = configuration.default_config("sentence_cnn").replace_values(
        {"network": {"weights": tiny_sentence_encoder()}}, "test"
    )
    for issues in (run_audit(splits, config).issues, quick_audit(splits, config)):
        [issue] = [issue for issue in issues if issue.kind == "unknown_script"]
        assert issue.severity == "warning" and "20% of the rows" in issue.message and "Devanagari (" in issue.message
        assert "no_word_spaces" not in {issue.kind for issue in issues}
    assert "unknown_script" not in issue_kinds(run_audit(splits, make_config("char_cnn")))
    english = configuration.default_config("hub_cnn")
    multilingual = english.replace_values({"network": {"preset": "multilingual_e5_small"}}, "test")
    [issue] = [issue for issue in quick_audit(splits, english) if "script" in issue.kind or "spaces" in issue.kind]
    assert issue.kind == "unknown_script" and "Han (32), Devanagari (8)" in issue.message
    assert not {"unknown_script", "no_word_spaces"} & {issue.kind for issue in quick_audit(splits, multilingual)}
