"""Multi-label rows: how files write several labels, and errors about wrong ones."""

from __future__ import annotations

import gzip
import json

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import strategies as st

from kerascnn.data.config import SourceConfig
from kerascnn.data.labels import normalize_label
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import load_splits
from kerascnn.data.validation import select_evaluation_rows
from kerascnn.tasks import MULTI_LABEL
from kerascnn.utils.errors import InputError
from tests.data.real_text import csv_text
from tests.tiers import check_examples, tiers

TEXTS = [
    "Parliament votes on a new stadium",
    "Bank shares fall after the vote",
    "Striker signs for a record sum",
    "A quiet day",
]
LABELS = [("politics", "sport"), ("business", "politics"), ("business", "sport"), ()]
SEPARATED = SourceConfig(label_separator=";")


def found(path, source):
    rows = list(read_rows([path], source))
    assert [row.text for row in rows] == TEXTS
    return [row.labels for row in rows]


def error(*args, **kwargs):
    with pytest.raises(InputError) as caught:
        load_splits(*args, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_separated_labels_are_stripped_and_unique(write):
    cells = ["sport; politics", " business ;politics;;business", "sport;business;", "  "]
    assert found(write("news.csv", csv_text(zip(TEXTS, cells, strict=True))), SEPARATED) == LABELS


def test_label_columns_give_their_names_as_labels(write):
    cells = [["0", "1", "TRUE"], ["1.0", "1", "0"], ["true", "0", "1"], ["0", "False", "0.0"]]
    rows = [(text, *row) for text, row in zip(TEXTS, cells, strict=True)]
    names = ("business", "politics", "sport")
    path = write("news.csv", csv_text(rows, header=("text", *names)))
    assert found(path, SourceConfig(label_columns=names)) == LABELS


def test_json_and_parquet_lists_are_labels(write, tmp_path):
    lists = [["sport", "politics"], ["business", "politics", "business"], ["sport", "business"], None]
    lines = (json.dumps({"text": text, "label": value}) for text, value in zip(TEXTS, lists, strict=True))
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert found(str(path), SourceConfig()) == [*LABELS[:3], ()]
    pyarrow.parquet.write_table(pyarrow.table({"text": TEXTS, "label": lists}), tmp_path / "news.parquet")
    assert found(str(tmp_path / "news.parquet"), SourceConfig()) == [*LABELS[:3], ()]
    source = SourceConfig(validation_fraction=0.0, test_fraction=0.0)
    splits = load_splits([str(path)], (), (), source)
    assert [row.labels for row in splits.train] == LABELS
    assert "1 training row has no labels and was kept (first: " in splits.messages[0]


def test_numbers_in_list_are_labels(write):
    path = write("numbers.jsonl", '{"text": "a", "label": [10, 9]}')
    assert [row.labels for row in read_rows([path], SourceConfig())] == [("10", "9")]


@pytest.mark.parametrize("value", ["2", "-1", "", "yes"])
def test_rejects_label_column_other_than_0_or_1(value, write):
    path = write("news.csv", csv_text([("a", "1", "0"), ("b", "0", value)], header=("text", "sport", "tech")))
    message = error([path], (), (), SourceConfig(label_columns=("sport", "tech")))
    assert message.startswith(f"{path}, row 3: the label column 'tech' is {value!r}; write 1 ")


def test_missing_label_column_is_named_in_error(write):
    path = write("news.csv", csv_text([("a", "1")], header=("text", "sport")))
    assert "no column 'sprot', there are" in error([path], (), (), SourceConfig(label_columns=("sport", "sprot")))
    assert "--label-columns" in error([path], (), (), SourceConfig(label_columns=("sport", "sprot")))


def test_rejects_separator_that_no_row_has(write):
    path = write("news.csv", csv_text([("a", "sport|tech"), ("b", "tech")]))
    message = error([path], (), (), SEPARATED)
    assert "no training row has the label separator ';' between labels" in message
    assert f"'sport|tech', {path}, row 2" in message


def test_reports_joined_labels_in_single_label_data(write):
    from kerascnn import config as configuration
    from kerascnn.audit.corpus import Corpus
    from kerascnn.audit.label_names import find_label_name_issues

    pairs = [(f"{text} {number}", label) for number in range(9) for text, label in zip(TEXTS, ["a", "b", "a;b"])]  # noqa: B905
    splits = load_splits([write("n.csv", csv_text(pairs))], (), (), SourceConfig())
    [issue] = find_label_name_issues(Corpus(splits, configuration.default_config()))
    assert issue.kind == "joined_labels"
    assert "--label-separator ';'" in issue.suggestion


def test_rejects_mix_of_single_labels_and_lists(write):
    single = write("single.csv", csv_text([("a", "sport"), ("b", "tech")]))
    several = write("several.jsonl", '{"text": "c", "label": ["sport", "tech"]}')
    message = error([several], [single], (), SourceConfig())
    assert message.startswith(f"{single}, row 2: this validation row has one label, 'sport', but the data is")
    assert "--label-separator" in message
    message = error([single], [several], (), SourceConfig())
    assert message.startswith(f"{several}, row 1: this validation row has a list of labels, ['sport', 'tech']")
    with pytest.raises(InputError, match="row 2: this evaluation row has one label, 'sport'"):
        select_evaluation_rows(read_rows([single], SourceConfig()), ["sport", "tech"], task=MULTI_LABEL)


def test_rejects_one_unknown_label_of_several(write):
    train = write("train.csv", csv_text([("a", "sport;tech"), ("b", "tech"), ("c", "")]))
    test = write("test.csv", csv_text([("d", "tech"), ("e", "sports;tech")]))
    source = SourceConfig(label_separator=";", validation_fraction=0.0)
    message = error([train], (), [test], source)
    assert message.startswith(f"{test}, row 3: the test data has the label 'sports', which no training row has")
    assert "did you mean 'sport'" in message


def test_reports_rows_and_columns_without_labels(write):
    header = ("text", "sport", "tech", "law")
    path = write("news.csv", csv_text([("a", 1, 1, 0), ("b", 1, 0, 0), ("c", 0, 0, 0)], header=header))
    source = SourceConfig(label_columns=header[1:], validation_fraction=0.0, test_fraction=0.0)
    messages = load_splits([path], (), (), source).messages
    assert any(
        message.startswith("1 label column is 0 in all training rows and dropped: 'law'") for message in messages
    )
    nothing = write("none.csv", csv_text([("a", 0, 0, 0), ("b", 0, 0, 0)], header=header))
    assert "none of the 2 training rows has a label" in error([nothing], (), (), source)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"label_separator": ";", "label_columns": ("a", "b")}, "give one of the two"),
        ({"label_columns": ("a",)}, "only 'a'; give two columns or more"),
    ],
)
def test_rejects_conflicting_label_settings(settings, message):
    with pytest.raises(InputError, match=message):
        SourceConfig(**settings)


@tiers(few=200)
def test_normal_form_of_any_label_is_one(count):
    def check(label):
        normal = normalize_label(label)
        assert normalize_label(normal) == normal == normal.strip()

    known = "a1.0 \u0301\u200b\ufeff\ufe0f\uff11\u2013\u00b4\u0345\u03b1\u1fb3\u3164\u0130"
    letters = st.sampled_from(known) | st.characters(codec=None)
    check_examples(count, check, st.text(letters))
