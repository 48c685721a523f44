"""An audit finds each kind of issue that is planted into clean news, and no issue in clean news."""

import re
import unicodedata
from pathlib import Path

import pytest

from kerascnn import config as configuration
from kerascnn.audit import audit
from kerascnn.audit.audit import quick_audit, run_audit
from kerascnn.config import Config
from kerascnn.data.config import SourceConfig
from kerascnn.data.labels import parse_labels
from kerascnn.data.records import Record, Row
from kerascnn.data.splits import Splits, load_splits, split_rows
from tests.encoders.tiny_encoder import tiny_sentence_encoder

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "data_audit.md"


@pytest.fixture(scope="module")
def clean(news):
    """Texts and labels, without the article that the news have in two versions."""
    return [(text, label) for text, label in zip(*news, strict=True) if text != news[0][298]]


@pytest.fixture(scope="module")
def rows(clean):
    """The news in files: 239 training, 30 validation and 30 test rows, with rows of every class in each."""
    report = {"train": [], "validation": [], "test": []}
    for number, (text, label) in enumerate(clean):
        name = ("validation", "test")[number % 2] if number % 10 in (3, 6) else "train"
        report[name].append(Row(text, (label,), f"{name}.csv", len(report[name]) + 2))
    return report


def make_config(model="char_cnn", **text) -> Config:
    return configuration.default_config(model).replace_values({"text": text}, "test")


def audit_rows(rows, config=None, changes=None, **options):
    """Return the report of the rows after a change to some splits."""
    rows = {name: list(rows[name]) for name in rows}
    for name, change in (changes or {}).items():
        rows[name] = change(rows[name])
    return run_audit(
        split_rows(rows["train"], rows["validation"], rows["test"], SourceConfig()), config or make_config(), **options
    )


def issue_kinds(report):
    return {issue.kind for issue in report.issues}


def only_issue(report, kind):
    issues = [issue for issue in report.issues if issue.kind == kind]
    assert len(issues) == 1, report.issues
    return issues[0]


def change_text(change, count=2):
    """Change the text of the first rows."""
    return lambda rows: [row._replace(text=change(row.text)) for row in rows[:count]] + rows[count:]


def change_label(change, count=2):
    def change_row(row):
        label = change(row.label)
        return row._replace(labels=(label,) if label else ())

    return lambda rows: [*map(change_row, rows[:count]), *rows[count:]]


def append_changed(change, count=2, file="more.csv"):
    """Append changed copies of the first rows."""
    return lambda rows: [
        *rows, *(change(row)._replace(file=file, number=number) for number, row in enumerate(rows[:count], start=2))
    ]  # fmt: skip


def decode_wrongly(text):
    return ("Café £5, it’s " + text).encode("utf-8").decode("cp1252")


def test_clean_news_has_no_issues(rows):
    assert audit_rows(rows).issues == []


def test_clean_news_has_only_split_notes(clean):
    train = [Row(text, (label,), "news.csv", number) for number, (text, label) in enumerate(clean, start=2)]
    assert issue_kinds(run_audit(split_rows(train, None, None, SourceConfig()), make_config())) == {"split"}


PLANTED = {
    "replacement_character": ("serious", change_text(lambda text: f"{text[:40]}\ufffd{text[40:]}")),
    "mojibake": ("serious", change_text(decode_wrongly)),
    "control_character": ("note", change_text(lambda text: f"{text}\x07")),
    "nul_character": ("warning", change_text(lambda text: f"{text}\0")),
    "invisible_character": ("note", change_text(lambda text: text.replace(" ", " \u200b", 1))),
    "empty_text": ("warning", change_text(lambda text: " ")),
    "missing_label": ("warning", change_label(lambda label: "")),
    "short_text": ("note", lambda rows: [rows[0]._replace(text="…!?"), rows[1]._replace(text="7"), *rows[2:]]),
    "mixed_scripts": (
        "note",
        lambda rows: [*rows, *(Row(t, ("tech",), "ru.csv", 9) for t in ("Цены выросли", "Цены упали"))],
    ),
    "truncated": ("note", change_text(lambda text: f"{text} {text[::-1]}")),
    "duplicate": ("note", append_changed(lambda row: row)),
    "conflicting_labels": ("serious", append_changed(lambda row: row._replace(labels=("tech",)))),
    "near_duplicate": ("note", append_changed(lambda row: row._replace(text=row.text.upper() + "!"))),
    "similar_labels": ("serious", change_label(lambda label: f"{label.title()}.")),
    "swallowed_row": (
        "serious",
        append_changed(lambda row: row._replace(text=f"{row.text}!,{row.label}\nAnother text of the file")),
    ),
    "list_as_label": ("serious", change_label(lambda label: f"['{label}', 'other']")),
    "missing_label_name": ("warning", change_label(lambda label: "N/A")),
    "rare_class": (
        "warning",
        lambda rows: [*rows, *(Row(f"Rain, {t}", ("rain",), "r.csv", 9) for t in ("wind.", "sun."))],
    ),
}


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


def make_rows(pairs):
    return [Row(text, (label,), "all.csv", number) for number, (text, label) in enumerate(pairs, start=2)]


def keep_all(pairs):
    """Return splits whose training rows are all rows."""
    others = [Row("Another text", ("a",), "v.csv", 2)], [Row("One more text", ("b",), "t.csv", 2)]
    return split_rows(make_rows(pairs), *others, SourceConfig())


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
