"""Rows are checked and split without overlap, and everything unusual is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits, load_splits, split_rows
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text


def rows(pairs: Iterable[tuple[str, str]], file: str = "train.csv") -> list[Row]:
    return [Row(text, (label,) if label else (), file, number) for number, (text, label) in enumerate(pairs, start=2)]


def make_rows(**counts: int) -> list[Row]:
    """Return rows with different texts, the given number per label."""
    return rows(
        (f"{ENGLISH[0][0]} {label} {number}", label) for label, count in counts.items() for number in range(count)
    )


def find_message(splits: Splits, words: str) -> str:
    found = [message for message in splits.messages if words in message]
    assert len(found) == 1, splits.messages
    assert "\n" not in found[0]
    return found[0]


def error(*args: object) -> str:
    with pytest.raises(InputError) as caught:
        split_rows(*args)
    message = str(caught.value)
    assert "\n" not in message
    return message


TRAIN = rows([*ENGLISH, ("Dull.", "negative")])
TEST_PAIRS = [("A triumph.", "positive"), ("A bore.", "negative")]
TEST = rows(TEST_PAIRS, "test.csv")


def test_split_keeps_class_proportions():
    splits = split_rows(make_rows(a=600, b=300, c=100), None, None, SourceConfig(test_fraction=0.2))
    assert Counter(row.label for row in splits.test) == {"a": 120, "b": 60, "c": 20}
    assert Counter(row.label for row in splits.validation) == {"a": 60, "b": 30, "c": 10}
    assert Counter(row.label for row in splits.train) == {"a": 420, "b": 210, "c": 70}
    assert find_message(splits, "test data") == "test data: 200 of 1,000 training rows, stratified by class, seed 0"
    assert find_message(splits, "validation data: 100 of 1,000")


def test_splits_have_all_rows_in_order():
    train = make_rows(a=40, b=17, c=2, d=1)
    splits = split_rows(train, None, None, SourceConfig())
    parts = (splits.train, splits.validation, splits.test)
    assert sorted((row for part in parts for row in part), key=lambda row: row.number) == train
    assert all(part == sorted(part, key=lambda row: row.number) for part in parts)


def test_split_depends_on_seed():
    train = make_rows(a=50, b=50)
    assert split_rows(train, None, None, SourceConfig(split_seed=1)) == split_rows(
        train, None, None, SourceConfig(split_seed=1)
    )
    assert split_rows(train, None, None, SourceConfig(split_seed=1)) != split_rows(
        train, None, None, SourceConfig(split_seed=2)
    )


def test_splits_off_only_missing_data():
    splits = split_rows(make_rows(positive=50, negative=50), None, TEST, SourceConfig())
    assert splits.test == TEST
    assert (len(splits.train), len(splits.validation)) == (90, 10)
    splits = split_rows(make_rows(positive=50, negative=50), TEST, None, SourceConfig())
    assert splits.validation == TEST
    assert (len(splits.train), len(splits.test)) == (90, 10)


def test_given_splits_stay_unchanged():
    train = TRAIN + TRAIN
    splits = split_rows(train, TEST, TEST, SourceConfig())
    assert (splits.train, splits.validation, splits.test, splits.messages) == (train, TEST, TEST, [])


def test_fraction_of_zero_gives_no_split():
    splits = split_rows(make_rows(a=10, b=10), None, None, SourceConfig(test_fraction=0))
    assert splits.test == []
    assert len(splits.validation) == 2
    assert "--source.test_fraction is 0" in find_message(splits, "no test data")


def test_rejects_fractions_that_leave_no_training_rows():
    message = error(make_rows(a=10, b=10), None, None, SourceConfig(test_fraction=0.5, validation_fraction=0.5))
    assert "--source.test_fraction 0.5 and --source.validation_fraction 0.5 leave no training rows" in message


@pytest.mark.parametrize("counts", [(3, 3), (3, 1), (3, 100), (4, 3, 3), (5, 2, 1, 1), (1000, 3, 3, 3, 3)])
@pytest.mark.parametrize("fractions", [(0.1, 0.1), (0.5, 0.4), (0.01, 0.01), (0, 0.5)])
def test_class_is_in_every_split_or_in_training_data_only(counts, fractions):
    train = make_rows(**{f"class{position}": count for position, count in enumerate(counts)})
    source = SourceConfig(test_fraction=fractions[0], validation_fraction=fractions[1])
    splits = split_rows(train, None, None, source)
    parts = [splits.train, splits.validation] + ([splits.test] if fractions[0] else [])
    for position, count in enumerate(counts):
        standing = [any(row.label == f"class{position}" for row in part) for part in parts]
        assert standing == [True] + [count >= len(parts)] * (len(parts) - 1)
    assert len(splits.train) + len(splits.validation) + len(splits.test) == len(train)


def test_tiny_classes_stay_in_training_data():
    train = make_rows(a=50, b=50) + rows([("Ein Satz.", "single"), ("Zwei", "pair"), ("Drei", "pair")], "rare.csv")
    splits = split_rows(train, None, None, SourceConfig())
    assert Counter(row.label for row in splits.train) == {"a": 40, "b": 40, "single": 1, "pair": 2}
    message = find_message(splits, "too few rows to split")
    assert message == (
        "2 of 4 classes have too few rows to split and stay in the training data: 'pair', 'single'"
        " (first: rare.csv, row 2)"
    )


def test_reports_class_with_one_row_without_split():
    splits = split_rows(TRAIN + rows([("Solo.", "single")], "rare.csv"), TEST, TEST, SourceConfig())
    assert "1 training row has a label that no other training row has (first: rare.csv, row 2)" in splits.messages


def test_rejects_too_few_rows_to_split():
    message = error(TRAIN[:2], None, None, SourceConfig())
    assert "2 training rows (first: train.csv, row 2) are too few to split off test and validation data" in message
    assert "--test-data" in message


def test_drops_duplicates_before_split():
    train = make_rows(a=30, b=30)
    splits = split_rows(train + rows([(row.text, row.label) for row in train], "again.csv"), None, None, SourceConfig())
    assert len(splits.train) + len(splits.validation) + len(splits.test) == 60
    message = find_message(splits, "before the split")
    assert message == "60 rows repeat an earlier text and were dropped before the split (first: again.csv, row 2)"


def test_reports_conflicting_labels_and_splits_first_row():
    train = [*make_rows(a=30, b=30), Row(ENGLISH[0][0] + " a 0", ("b",), "doubt.csv", 9)]
    splits = split_rows(train, None, None, SourceConfig())
    assert "1 row repeats an earlier text with a different label (first: doubt.csv, row 9)" in splits.messages
    everything = splits.train + splits.validation + splits.test
    assert [row.label for row in everything if row.text.endswith(" a 0")] == ["a"]
    splits = split_rows(TRAIN, TEST, rows([("Dull.", "positive")], "test.csv"), SourceConfig())
    assert find_message(splits, "a different label").endswith("(first: test.csv, row 2)")


def test_rejects_second_class_that_only_repeats_texts():
    message = error(rows([("Fine.", "a"), ("Good.", "a"), ("Fine.", "b")]), None, None, SourceConfig())
    assert "all 2 training rows have the label 'a'" in message


def test_reports_overlap_of_training_and_test_data():
    shared = rows([*TEST_PAIRS, (ENGLISH[3][0], "positive")], "test.csv")
    splits = split_rows(TRAIN, shared, shared, SourceConfig())
    assert splits.test == splits.validation == shared
    for name in ("test", "validation"):
        message = find_message(splits, f"1 {name} row repeats a text of the training data, which inflates the metrics")
        assert message.endswith(" (first: test.csv, row 4)")


@pytest.mark.parametrize("empty", ["", "  ", "\n\t", "\u3000", "\xa0"])
def test_drops_and_reports_rows_without_text(empty):
    train = rows([*ENGLISH, (empty, "positive"), (empty, "negative")])
    splits = split_rows(train, TEST, TEST, SourceConfig())
    assert splits.train == train[:4]
    assert splits.messages == ["2 training rows have no text and were dropped (first: train.csv, row 6)"]


def test_drops_and_reports_rows_without_label():
    train, test = rows([*ENGLISH, ("Dull.", "")]), rows([("Dull.", ""), *TEST_PAIRS], "test.csv")
    splits = split_rows(train, TEST, test, SourceConfig())
    assert (splits.train, splits.test) == (train[:4], test[1:])
    assert splits.messages == [
        "1 training row has no label and was dropped (first: train.csv, row 6)",
        "1 test row has no label and was dropped (first: test.csv, row 2)",
    ]


def test_replaces_and_reports_nul_characters():
    splits = split_rows(
        rows([*ENGLISH, ("good\0film", "posi\0tive\0"), ("\0", "negative")]), TEST, TEST, SourceConfig()
    )
    assert splits.train[-1][:2] == ("good film", ("posi tive",))
    message = "2 training rows contain NUL characters, which are replaced by spaces (first: train.csv, row 6)"
    assert message in splits.messages
    assert "1 training row has no text and was dropped (first: train.csv, row 7)" in splits.messages


def test_rejects_split_without_usable_rows():
    blank = rows([(" ", "positive"), ("Dull.", "")])
    assert "no row of the training data has both text and label (first: train.csv, row 2)" in error(
        blank, TEST, TEST, SourceConfig()
    )
    assert "no row of the test data" in error(TRAIN, TEST, [], SourceConfig())


def test_rejects_single_class():
    message = error(rows([("Good.", "a"), ("Fine.", "a")]), None, None, SourceConfig())
    assert "all 2 training rows have the label 'a' (first: train.csv, row 2)" in message


@pytest.mark.parametrize("name", ["validation", "test"])
def test_rejects_label_missing_from_training_data(name):
    odd = rows([*TEST_PAIRS, ("So so.", "postive")], f"{name}.csv")
    message = error(TRAIN, odd if name == "validation" else TEST, odd if name == "test" else TEST, SourceConfig())
    assert message.startswith(f"{name}.csv, row 4: the {name} data has the label 'postive', which no training row has")
    assert "did you mean 'positive'?" in message


def test_load_splits_reads_splits_and_checks(write, chinese_reviews):
    train = write("train.csv", csv_text([*chinese_reviews, ("", "pos")]), "gb18030")
    shared = [text for text, _ in chinese_reviews[:40]]
    test = write("test.tsv", csv_text([(text, "neg") for text in shared], delimiter="\t"), "gb18030")
    splits = load_splits([train], (), [test], SourceConfig(encoding="gb18030"))
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (360, 40, 40)
    assert find_message(splits, "no text") == f"1 training row has no text and was dropped (first: {train}, row 402)"
    in_training = {row.text for row in splits.train}
    first = next(line for line, text in enumerate(shared, start=2) if text in in_training)
    assert find_message(splits, "inflates the metrics") == (
        f"{len(in_training.intersection(shared))} test rows repeat a text of the training data, which inflates the"
        f" metrics (first: {test}, row {first})"
    )


def test_splits_document_of_a_megabyte(write):
    long = "很长的评论。" * 200_000
    path = write("train.csv", csv_text([*ENGLISH, *((text, "positive") for text, _ in CHINESE), (long, "negative")]))
    splits = load_splits([path], [path], [path], SourceConfig())
    assert splits.train[-1].text == long
