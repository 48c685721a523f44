"""Files of tokens with tags: CoNLL, CoNLL-U, JSON lists and spans."""

from __future__ import annotations

import json

import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row, Token
from kerascnn.data.sources import read_records, read_rows, read_texts
from kerascnn.data.splits import load_splits
from kerascnn.data.validation import report_new_labels
from kerascnn.tasks import TAGGING
from kerascnn.utils.errors import InputError

CONLL = "-DOCSTART-\tO\n\nPeter\tB-PER\nBlackburn\tI-PER\n\n# a comment\nBRUSSELS B-LOC\n1996-08-22 O\n"
CONLLU = """# sent_id = 1
# text = I don't know.
1\tI\tI\tPRON\tPRP\t_\t4\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tknow\tknow\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
4.1\tnothing\t_\t_\t_\t_\t_\t_\t_\t_
5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

1\tNo\tno\tINTJ\tUH\t_\t0\troot\t_\tSpaceAfter=No
2\t!\t!\tPUNCT\t.\t_\t1\tpunct\t_\t_
"""


def read(path, **settings):
    return list(read_rows([str(path)], SourceConfig(**settings)))


def words(row):
    assert all(row.text[token.start : token.end] == token.text for token in row.tokens)
    return [(token.text, tag) for token, tag in zip(row.tokens, row.labels, strict=True)]


def read_error(path, **settings):
    with pytest.raises(InputError) as caught:
        read(path, **settings)
    return str(caught.value)


def test_conll_sentences_keep_their_lines(tmp_path):
    path = tmp_path / "news.conll"
    path.write_text(CONLL)
    first, second = read(path)
    assert (first.text, first.task, first.number, first.line) == ("Peter Blackburn", "tagging", 1, 3)
    assert words(first) == [("Peter", "B-PER"), ("Blackburn", "I-PER")]
    assert [token.line for token in second.tokens] == [7, 8]


def test_conll_columns_are_chosen_by_number(tmp_path):
    path = tmp_path / "news.conll"
    path.write_text("1\tPeter\tNNP\tB-PER\n2\tspoke\tVBD\tO\n")
    [row] = read(path, token_column="2", tag_column="3")
    assert words(row) == [("Peter", "NNP"), ("spoke", "VBD")]
    [row] = read(path, token_column="2")
    assert row.labels == ("B-PER", "O")
    assert "source.tag_column: 'ner'" in read_error(path, tag_column="ner")


def test_chinese_characters_are_joined_without_spaces(tmp_path):
    path = tmp_path / "weibo.conll"
    path.write_text("北\tB-LOC\n京\tI-LOC\n，\tO\niPhone\tO\n好\tO\n")
    [row] = read(path)
    assert row.text == "北京， iPhone 好"
    assert len(words(row)) == 5


def test_line_without_tag_is_named(tmp_path):
    path = tmp_path / "news.conll"
    path.write_text("Peter\tB-PER\n\nspoke\n")
    assert "news.conll, row 2 (line 3): line 3: 'spoke' has 1 column;" in read_error(path)


def test_hash_is_a_token_if_it_has_a_tag(tmp_path):
    path = tmp_path / "tweets.conll"
    path.write_text("# SYM\nnews NOUN\n")
    assert words(read(path)[0]) == [("#", "SYM"), ("news", "NOUN")]


def test_conllu_has_the_text_of_its_comment(tmp_path):
    path = tmp_path / "ewt.conllu"
    path.write_text(CONLLU)
    first, second = read(path)
    assert first.text == "I don't know."
    assert words(first)[1:3] == [("do", "AUX"), ("n't", "PART")]
    assert second.text == "No!"
    assert read(path, tag_column="xpos")[0].labels == ("PRP", "VBP", "RB", "VB", ".")
    assert "10" in read_error_of_text(tmp_path, "a b\n")


def read_error_of_text(tmp_path, text):
    path = tmp_path / "wrong.conllu"
    path.write_text(text)
    return read_error(path)


@pytest.mark.parametrize(
    "tagged",
    [
        {"tokens": ["Peter", "spoke", "."], "tags": ["B-PER", "O", "O"], "text": "Peter spoke."},
        {"tokens": ["Peter", "spoke", "."], "ner_tags": ["B-PER", "O", "O"]},
        {"text": "Peter spoke.", "label": [[0, 5, "PER"]]},
        {"text": "Peter spoke.", "label": [{"start": 0, "end": 5, "label": "PER"}]},
        {"text": "Peter spoke.", "entities": [{"start_offset": 0, "end_offset": 5, "label": "PER"}]},
        {"text": "Peter spoke.", "label": [{"start": 0, "end": 5, "text": "Peter", "labels": ["PER"]}]},
    ],
    ids=["tokens-text", "hugging-face", "doccano", "spans", "doccano-entities", "label-studio"],
)
def test_json_forms_give_the_same_tags(tmp_path, tagged):
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps(tagged) + "\n")
    [row] = read(path)
    assert words(row) == [("Peter", "B-PER"), ("spoke", "O"), (".", "O")]


def test_parquet_has_lists_or_spans(tmp_path):
    lists = {"tokens": [["Peter", "spoke"]], "ner_tags": [["B-PER", "O"]], "id": [1]}
    spans = {"text": ["Peter spoke"], "label": [[{"start": 0, "end": 5, "label": "PER"}]]}
    for values in (lists, spans):
        pyarrow.parquet.write_table(pyarrow.table(values), tmp_path / "news.parquet")
        assert words(read(tmp_path / "news.parquet")[0]) == [("Peter", "B-PER"), ("spoke", "O")]


def test_table_of_tokens_and_tags_names_the_format(tmp_path):
    path = tmp_path / "news.tsv"
    path.write_text("Peter\tB-PER\nspoke\tO\n")
    assert "add --source.format conll" in read_error(path)
    assert words(read(path, format="conll")[0]) == [("Peter", "B-PER"), ("spoke", "O")]


def test_span_inside_a_word_divides_it(tmp_path):
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps({"text": "Berliner", "label": [[0, 6, "LOC"]]}) + "\n")
    assert words(read(path)[0]) == [("Berlin", "B-LOC"), ("er", "O")]


@pytest.mark.parametrize(
    ("tagged", "message"),
    [
        ({"tokens": ["a", "b"], "tags": ["X"]}, "2 tokens and 1 tags in 'tags'"),
        ({"tokens": ["a", "b"]}, "no list of tags"),
        ({"tokens": ["a"], "tags": [None]}, "has the tag None"),
        ({"text": "ab", "label": [[0, 3, "X"]]}, "outside the text, which has 2 characters"),
        ({"text": "ab", "label": [[0, 2, "X"], [1, 2, "Y"]]}, "overlap"),
        ({"text": "ab", "label": [[0, 2, ""]]}, "has no label"),
    ],
)
def test_tags_that_do_not_fit_are_named(tmp_path, tagged, message):
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps(tagged) + "\n")
    assert "news.jsonl, row 1: " in read_error(path)
    assert message in read_error(path)


def test_tokens_without_tags_can_be_predicted(tmp_path):
    path = tmp_path / "news.conll"
    path.write_text("Peter\nspoke\n")
    [record] = read_texts(str(path), SourceConfig())
    assert [token.text for token in record.tokens] == ["Peter", "spoke"]
    assert record.labels is None


def test_lists_of_labels_stay_multi_label(tmp_path):
    path = tmp_path / "topics.jsonl"
    path.write_text('{"text": "a b", "label": ["x", "y"]}\n')
    [record] = read_records(str(path), SourceConfig(), labelled=True)
    assert record.tokens is None
    assert record.labels == ("x", "y")


TASK = {
    "id": 1,
    "annotations": [
        {"result": [{"value": {"start": 3, "end": 7, "text": "Rome", "labels": ["LOC"]}, "type": "labels"}]}
    ],
    "data": {"text": "in Rome"},
}


@pytest.mark.parametrize(
    "content",
    [
        [TASK],
        [{"text": "in Rome", "label": [{"start": 3, "end": 7, "text": "Rome", "labels": ["LOC"]}], "annotator": 1}],
        [["in Rome", {"entities": [[3, 7, "LOC"]]}]],
        [{"tokens": ["in", "Rome"], "ner_tags": ["O", "B-LOC"]}],
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_arrays_of_annotation_programs_are_read(content, indent, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(json.dumps(content, indent=indent))
    [row] = read_rows([str(path)], SourceConfig())
    assert (row.text, row.labels) == ("in Rome", ("O", "B-LOC"))


def test_rows_of_spacy_are_read_line_by_line(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('["in Rome", {"entities": [[3, 7, "LOC"]]}]\n["old", {"entities": []}]\n')
    assert [row.labels for row in read_rows([str(path)], SourceConfig())] == [("O", "B-LOC"), ()]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([TASK, {**TASK, "annotations": []}], "row 2: the task has no annotation"),
        ([{**TASK, "data": {"a": "x", "b": "y"}}], "row 1: the task has no text 'text'"),
        ('[{"text": "a",\n "label": }]', "a JSON array that is damaged .* in line 2"),
        ([{"text": "in", "label": [[0, 9, "LOC"]]}], "row 1: the span .* is outside the text"),
    ],
)
def test_damaged_arrays_are_named(content, message, tmp_path):
    path = tmp_path / "tasks.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(InputError, match=message):
        list(read_rows([str(path)], SourceConfig()))


def test_tags_that_only_test_data_has_are_reported(tmp_path):
    (tmp_path / "train.conll").write_text("Anna B-PER\nmet O\n\nBob B-PER\nleft O\n")
    (tmp_path / "test.conll").write_text("Google B-ORG\nleft O\n")
    names = [(str(tmp_path / f"{name}.conll"),) for name in ("train", "train", "test")]
    splits = load_splits(*names, SourceConfig())
    assert any("1 test row has a label that no training row has, 'B-ORG'" in message for message in splits.messages)


@pytest.mark.parametrize("separator", ["\t", " "])
@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_hash_is_a_token_and_comments_are_none(columns, separator, tmp_path):
    rows = [[word, "NN", "B-NP", "O"][: columns - 1] + ["O"] * (columns > 1) for word in ("He", "has", "#", "5", ".")]
    rows = [["#", *row[1:]] if k in (0, 2) else row or ["a"] for k, row in enumerate(rows)]
    lines = "".join(separator.join(row) + "\n" for row in rows)
    comments = ("# newdoc", "# newpar", "# sent_id = 1", "# text = He has", "# 12", "# a longer comment of words")
    path = tmp_path / "news.conll"
    path.write_text("".join(f"{comment}\n{lines}\n" for comment in comments) + "# the end\n")
    records = list(read_texts(str(path), SourceConfig()))
    assert [[token.text for token in record.tokens] for record in records] == [[row[0] for row in rows]] * 6
    if columns > 1:
        assert [row.labels for row in read(path)] == [("O",) * 5] * 6


def test_lines_of_other_columns_are_named(tmp_path):
    path = tmp_path / "news.conll"
    for separator in ("\t", " "):
        path.write_text("EU NNP B-NP B-ORG\nrejects VBZ B-VP\ncall NN I-NP O\n".replace(" ", separator))
        assert "line 2: 'rejects VBZ B-VP' has 3 columns, and line 1 has 4" in read_error(path)
        path.write_text("EU NNP B-NP B-ORG\n\nrejects VBZ B-VP\n".replace(" ", separator))
        assert "row 2 (line 3): line 3: 'rejects VBZ B-VP' has 3 columns" in read_error(path)


@pytest.mark.parametrize("space", ["\u00a0", "\u3000", "\u2009", "\u202f"])
def test_only_spaces_and_tabs_separate_columns(space, tmp_path):
    path = tmp_path / "news.conll"
    for separator in ("\t", " ", "  "):
        path.write_text(f"10{space}000{separator}NUM\nx{separator}NOUN\n")
        assert [token.text for token in read(path)[0].tokens] == [f"10{space}000", "x"]
        path.write_text(f"x{separator}NOUN\n{space}{separator}O\n")
        assert "line 2: the token is a space; remove the line" in read_error(path)


def test_underscore_of_conllu_is_no_tag(tmp_path):
    path = tmp_path / "part.conllu"
    path.write_text(
        "1\tHi\t_\tINTJ\t_\t_\t_\t_\t_\t_\n2\tyou\t_\t_\t_\t_\t_\t_\t_\t_\n\n1\t_\t_\tSYM\t_\t_\t_\t_\t_\t_\n"
    )
    assert "part.conllu, row 1: line 2: 'you' has no upos; add it" in read_error(path)
    assert [record.labels for record in read_texts(str(path), SourceConfig())] == [None, ("SYM",)]
    assert read(path, tag_column="feats")[0].labels == ("_", "_")


def test_new_tags_name_their_line_and_a_similar_tag():
    rows = [Row("a b", ("O", "B-PER"), "x.conll", 1, TAGGING.name, tokens=(Token("a", 0, 1, 1), Token("b", 2, 3, 2)))]
    rows.append(Row("c", ("B-PERS",), "x.conll", 2, TAGGING.name, tokens=(Token("c", 0, 1, 4),)))
    issues = []
    report_new_labels(rows, "test", ["B-PER", "O"], issues)
    assert "1 test row has a label that no training row has, 'B-PERS', such as B-PERS, token 1 in line 4" in (
        issues[0].message
    )
    assert "did you mean 'B-PER'?" in issues[0].suggestion
    report_new_labels(rows, "test", ["B-PER", "B-PERS", "O"], issues)
    assert len(issues) == 1


def test_tags_of_another_column_are_refused():
    rows = [Row("a", ("NOUN",), "x.conll", 1, TAGGING.name, tokens=(Token("a", 0, 1, 1),))] * 2
    for labels in (["B-PER", "O"], ["NN", "VB"]):
        with pytest.raises(
            InputError, match=r"x\.conll, row 1: no test label, such as 'NOUN', .* check --source.tag-co"
        ):
            report_new_labels(rows, "test", labels, [])
