"""The task with a label for each token."""

from __future__ import annotations

import pytest

from kerascnn.config import TrainingConfig
from kerascnn.data.records import Row, Token
from kerascnn.data.token_spans import Span, tag_tokens
from kerascnn.data.validation import clean_rows
from kerascnn.tagged_texts import convert_tags
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL, TAGGING, get_task, infer_task_of_rows
from kerascnn.tasks.tagging_metrics import evaluate_tags, format_tagging_metrics
from kerascnn.utils.errors import InputError


def make_row(text, spans):
    tokens, tags = tag_tokens(text, spans)
    return Row(text, tags, "news.jsonl", 1, TAGGING.name, tokens=tokens)


def test_text_without_spans_joins_texts_with_spans():
    empty = Row("nothing here", (), "news.jsonl", 2, MULTI_LABEL.name)
    rows = [make_row("in Rome", [Span(3, 7, "LOC")]), empty]
    assert infer_task_of_rows(rows) is get_task("tagging") is TAGGING
    cleaned = clean_rows(rows, "training", [], task=TAGGING)
    assert cleaned[1].labels == ("O", "O")
    assert [token.text for token in cleaned[1].tokens] == ["nothing", "here"]


def test_label_of_a_text_is_no_tag():
    row = Row("in Rome", ("travel",), "news.jsonl", 3, SINGLE_LABEL.name)
    with pytest.raises(InputError, match=r"news\.jsonl, row 3: this training row has labels of the text"):
        TAGGING.convert_row(row, "training")


@pytest.mark.parametrize("setting", [{"class_weights": "balanced"}, {"sampling": "balanced"}, {"focal_gamma": 2.0}])
def test_settings_of_texts_are_rejected(setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        TAGGING.check_settings(TrainingConfig(**setting), has_teacher=False)


def test_metric_of_spans_is_rejected_for_texts():
    for task in (SINGLE_LABEL, MULTI_LABEL):
        with pytest.raises(InputError, match="span_f1"):
            task.check_settings(TrainingConfig(monitor="span_f1"), has_teacher=False)


def test_metrics_of_parts_of_speech():
    results = evaluate_tags(
        [["A", "B"], ["B"]], [["A", "A"], ["B"]], [["x", "y"], ["z"]], frozenset({"x"}), is_spans=False
    )
    assert results["token_accuracy"] == pytest.approx(2 / 3)
    assert results["sentence_accuracy"] == 0.5
    assert results["new_token_accuracy"] == 0.5
    assert results["confused"] == [["B", "A", 1]]
    assert results["per_class"]["B"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "support": 2}
    assert "token accuracy 0.6667" in format_tagging_metrics(results)


def test_labels_of_the_tagger_decide_which_metrics_there_are():
    """Not the rows: the folds of a cross-validation, some without an entity, have the same metric."""
    tokens = [["x", "y"]]
    for true in (["O", "O"], ["B-PER", "O"]):
        assert evaluate_tags([true], [["O", "O"]], tokens, is_spans=True)["f1"] == 0
    for true in (["B", "I"], ["NN", "B-X"]):
        assert "f1" not in evaluate_tags([true], [["B", "I"]], tokens, is_spans=False)


@pytest.mark.parametrize("tag", ["PER", "PER-B", "B_PER", "b-PER", "o", "X-PER", "-"])
def test_tags_without_prefix_have_no_metrics_of_spans(tag):
    """Seqeval would find a span whose label lacks a letter."""
    with pytest.raises(InputError, match=rf"row 1, token 1: the tag '{tag}' has no prefix.*write B-{tag}"):
        evaluate_tags([["O"], ["B-PER", tag]], [["O"], ["B-PER", "O"]], [["x"], ["x", "y"]], is_spans=True)


def test_tags_that_were_meant_as_spans_are_named():
    for tags, message in ((("0", "1"), "are numbers, without spans"), (("b-per", "o"), "write B-per for b-per")):
        issues = []
        rows = [Row("a b", tags, "x.conll", 1, TAGGING.name)]
        assert TAGGING.prepare_rows(rows, "training", issues) == rows
        assert message in issues[0].message


def test_too_few_sentences_to_split_name_the_empty_line():
    rows = [Row("a b", ("X", "Y"), "x.conll", 1, TAGGING.name)]
    with pytest.raises(InputError, match=r"1 training sentence .* put an empty line between sentences"):
        TAGGING.draw_split(rows, {"validation": 0.1, "test": 0.1}, 0)


def test_forms_of_prefixes_are_converted_and_outliers_named():
    tokens = tuple(Token(letter, 2 * k, 2 * k + 1, k + 5) for k, letter in enumerate("abc"))
    issues = []
    rows = [Row("a b c", ("PER-B", "PER-I", "O"), "x.conll", 1, TAGGING.name, tokens=tokens)]
    assert TAGGING.prepare_rows(rows, "training", issues)[0].labels == ("B-PER", "I-PER", "O")
    assert "prefixes in another form" in issues[0].message
    assert convert_tags([["a", "b"]], [["B_PER", "O"]], "training") == [["B-PER", "O"]]
    wrong = rows[0]._replace(labels=("B-PER", "I-PER", "MISC"))
    for message, check in (
        (
            r"row 1: the training data has the tag 'MISC', token 3 in line 7",
            lambda: TAGGING.prepare_rows([wrong, rows[0]._replace(labels=("O",) * 3)], "training", []),
        ),
        (
            "labels, row 1: the training data has the tag 'MISC', token 2, and others have prefixes",
            lambda: convert_tags([["a", "b"]] * 2, [["O", "I-PER"], ["B-PER", "MISC"]], "training"),
        ),
    ):
        with pytest.raises(InputError, match=message):
            check()


@pytest.mark.parametrize(
    ("text", "span", "word"),
    [
        ("the Berliner sat", Span(4, 10, "LOC"), "Berliner"),
        ("the X-ray", Span(4, 5, "X"), ""),
        ("the end", Span(4, 7, "X"), ""),
    ],
)
def test_spans_inside_words_are_counted(text, span, word):
    issues = []
    TAGGING.prepare_rows([make_row(text, [span])], "test", issues)
    assert [issue.kind for issue in issues] == ["divided_words"] * bool(word)
    assert all(
        f"1 test row has a span that begins or ends inside a word, such as {word!r}" in issue.message
        for issue in issues
    )
