"""Rows that have tokens or spans beside the label of a text, and rows of annotation programs."""

from __future__ import annotations

import json

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import MULTI_LABEL_TASK, SINGLE_LABEL_TASK, TAGGING_TASK
from kerascnn.data.sources import read_rows, read_texts
from kerascnn.utils.errors import InputError

SPAN = {"start": 0, "end": 5, "label": "PER"}
BESIDE = [
    {"tokens": ["great", "film"]},
    {"tokens": []},
    {"tokens": ["Great", "film", "!"], "pos_tags": ["ADJ", "NOUN", "PUNCT"]},
    {"entities": [SPAN]},
    {"spans": [SPAN], "entities": []},
    {"entities": [{"start": 90, "end": 95, "label": "PER"}]},
    {"tokens": ["other"], "labels": ["x"]},
]
"""What rows of texts with a label may have beside them."""


def write(folder, rows, kind):
    path = folder / f"rows.{kind}"
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif kind == "json":
        path.write_text(json.dumps(rows))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read(path, **settings):
    return list(read_rows([path], SourceConfig(**settings)))


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("label", ["label", "intent"])
def test_label_of_a_text_wins_over_tokens_and_spans(label, beside, kind, tmp_path):
    path = write(tmp_path, [{"text": "Great film!", label: "pos", **beside}], kind)
    [row] = read(path, label_column=label)
    assert (row.text, row.labels, row.task, row.tokens) == ("Great film!", ("pos",), SINGLE_LABEL_TASK, ())


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("beside", BESIDE[:3])
@pytest.mark.parametrize("column", ["label", "labels", "topics"])
def test_list_of_labels_of_a_text_wins_over_tokens(column, beside, kind, tmp_path):
    path = write(tmp_path, [{"text": "Great film!", column: ["x", "y"], **beside}], kind)
    [row] = read(path, label_column=column)
    assert (row.text, row.labels, row.task) == ("Great film!", ("x", "y"), MULTI_LABEL_TASK)


def test_columns_of_labels_win_over_tokens(tmp_path):
    path = write(tmp_path, [{"text": "Great film!", "a": 1, "b": 0, **BESIDE[2]}], "jsonl")
    [row] = read(path, label_columns=("a", "b"))
    assert (row.labels, row.task) == (("a",), MULTI_LABEL_TASK)


@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet"])
@pytest.mark.parametrize("beside", [*BESIDE, {"label": "pos"}])
def test_text_to_predict_is_kept(beside, kind, tmp_path):
    path = write(tmp_path, [{"text": "Great film!", **beside}], kind)
    [record] = read_texts(path, SourceConfig())
    assert record.fields["text"] == "Great film!"
    assert set(record.fields) == {"text", *beside}


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_named_column_of_tags_wins_over_a_label(kind, tmp_path):
    row = {"text": "Great film!", "label": "pos", "pos_tags": ["ADJ", "NOUN"], "tokens": ["Great", "film!"]}
    [found] = read(write(tmp_path, [row], kind), tag_column="pos_tags")
    assert (found.labels, found.task) == (("ADJ", "NOUN"), TAGGING_TASK)
    row = {"text": "Great film!", "label": "pos", "entities": [SPAN]}
    [found] = read(write(tmp_path, [row], kind), tag_column="entities")
    assert found.labels == ("B-PER", "O", "O")


def test_tokens_may_differ_from_the_text_in_case_only(tmp_path):
    row = {"text": "Great film!", "tokens": ["great", "film", "!"], "tags": ["A", "B", "C"]}
    [found] = read(write(tmp_path, [row], "jsonl"))
    assert [found.text[token.start : token.end] for token in found.tokens] == ["Great", "film", "!"]
    with pytest.raises(InputError, match=r"row 1: the tokens, .*, are not those of 'text', 'Great film!'"):
        read(write(tmp_path, [row | {"tokens": ["a", "b", "c"]}], "jsonl"))
    [found] = read(write(tmp_path, [row | {"tokens": ["a", "b", "c"]}], "jsonl"), text_column="joined")
    assert found.text == "a b c"


@pytest.mark.parametrize(
    "empty",
    [
        {"label": []},
        {"labels": []},
        {"entities": []},
        {"spans": [], "tokens": [{"text": "nobody", "start": 0, "end": 6, "id": 0}]},
        {"entities": [], "relations": [], "Comments": []},
        {"annotator": 1, "annotation_id": 2},
        {"entities": None},
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "json"])
def test_text_without_spans_is_kept(empty, kind, tmp_path):
    key = next((key for key in ("labels", "entities", "spans") if key in empty), "label")
    path = write(tmp_path, [{"text": "Peter spoke", key: [SPAN]}, {"text": "nobody", **empty}], kind)
    for settings in ({}, {"tag_column": key}):
        if key not in empty and settings:
            continue
        first, second = read(path, **settings)
        assert first.labels == ("B-PER", "O")
        assert (second.text, second.labels) == ("nobody", ())


def test_missing_column_of_tags_is_named(tmp_path):
    path = write(tmp_path, [{"text": "Peter spoke", "entites": [SPAN]}], "jsonl")
    with pytest.raises(InputError, match=r"no key 'entities'.* did you mean 'entites'\?; name it with --source.tag-c"):
        read(path, tag_column="entities")


def make_task(*results, **annotation):
    annotations = [{"result": result, **annotation} for result in results]
    return {"data": {"text": "Peter spoke"}, "annotations": annotations}


NAME = {"from_name": "ner", "value": {"start": 0, "end": 5, "text": "Peter", "labels": ["PER"]}}
MOOD = {"from_name": "mood", "value": {"choices": ["good"]}}


def test_annotations_of_a_task_must_agree(tmp_path):
    path = write(tmp_path, [make_task([NAME], [NAME])], "json")
    assert read(path)[0].labels == ("B-PER", "O")
    with pytest.raises(InputError, match="row 1: annotations 1 and 2 of the task differ"):
        read(write(tmp_path, [make_task([NAME], [])], "json"))
    task = make_task([], [NAME], [])
    task["annotations"][1]["ground_truth"] = True
    assert read(write(tmp_path, [task], "json"))[0].labels == ("B-PER", "O")


def test_choices_and_spans_of_a_task_are_named(tmp_path):
    path = write(tmp_path, [make_task([NAME, MOOD])], "json")
    with pytest.raises(InputError, match=r"row 1: the task has choices, such as 'good', and spans"):
        read(path)
    assert read(path, tag_column="ner")[0].labels == ("B-PER", "O")
    assert read(path, label_column="mood")[0].labels == ("good",)


def test_task_without_annotation_can_be_predicted(tmp_path):
    path = write(tmp_path, [make_task()], "json")
    assert [record.fields["text"] for record in read_texts(path, SourceConfig())] == ["Peter spoke"]


@pytest.mark.parametrize(("start", "end"), [(2, 7), (3, 8)], ids=["characters", "utf-16"])
def test_text_of_a_span_decides_how_positions_count(start, end, tmp_path):
    span = {"start": start, "end": end, "text": "Peter", "labels": ["PER"]}
    last = {"start": end + 1, "end": end + 4, "labels": ["VERB"]}
    [row] = read(write(tmp_path, [{"text": "😀 Peter ran", "label": [span, last]}], "jsonl"))
    assert [(token.text, tag) for token, tag in zip(row.tokens, row.labels, strict=True)] == [
        ("😀", "O"), ("Peter", "B-PER"), ("ran", "B-VERB"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("span", "message"),
    [
        ({"start": 1, "end": 5, "text": "Peter", "label": "PER"}, "1 to 5 should be 'Peter', and the text has 'eter'"),
        ({"start": 0, "end": 5, "labels": ["PER", "ORG"]}, "has 2 labels; a token has one tag"),
        ({"start": 0, "end": 5, "labels": []}, "has no label"),
        ({"start": "/p[1]", "end": "/p[1]", "label": "PER"}, "has no numbers of characters"),
        ({"start": 0.5, "end": 5.0, "label": "PER"}, "has no numbers of characters"),
        ({"start": 0, "end": 50, "label": "PER"}, "outside the text, which has 11 characters"),
        ({"start": -3, "end": 5, "label": "PER"}, "outside the text"),
        ({"start": 5, "end": 6, "label": "PER"}, "the span 5 to 6 .* has no token"),
    ],
)
def test_spans_that_do_not_fit_are_named(span, message, tmp_path):
    with pytest.raises(InputError, match=f"row 1: .*{message}"):
        read(write(tmp_path, [{"text": "Peter spoke", "label": [span]}], "jsonl"))


@pytest.mark.parametrize(
    "span",
    [
        {"start": 0.0, "end": 5.0, "label": "PER"},
        {"start": "/p[1]", "end": "/p[1]", "globalOffsets": {"start": 0, "end": 5}, "hypertextlabels": ["PER"]},
        [0.0, 5.0, "PER"],
    ],
)
def test_other_forms_of_positions_are_read(span, tmp_path):
    [row] = read(write(tmp_path, [{"text": "Peter spoke", "label": [span]}], "jsonl"))
    assert row.labels == ("B-PER", "O")
