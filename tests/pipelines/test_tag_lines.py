"""Lines of tags keep the rows and the columns of the input."""

from __future__ import annotations

import io
import types

import numpy as np

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record, Token
from kerascnn.data.sources import read_texts
from kerascnn.tagged_texts import TaggedToken
from pipelines.predict_tags import write_tags


def write(records):
    def predict_tokens(texts):
        rows = [text.split() if isinstance(text, str) else text for text in texts]
        return [[TaggedToken(word, 0, 1, "O", 0.9) for word in words] for words in rows]

    tagger = types.SimpleNamespace(classes_=np.array(["B-PER", "O"], dtype=object), predict_tokens=predict_tokens)
    file = io.StringIO()
    write_tags(tagger, records, "text", file, "conll")
    return file.getvalue()


def test_lines_have_the_columns_of_the_input(tmp_path):
    path = tmp_path / "in.conll"
    path.write_text("# sent_id = 1\nAnna NNP B-PER\nmet VBD O\n")
    assert write(read_texts(str(path), SourceConfig())) == "Anna\tNNP\tB-PER\tO\nmet\tVBD\tO\tO\n\n"


def test_row_without_tokens_is_a_comment():
    assert write([Record({"text": " "}, "rows.csv", 3)]) == "# row 3 has no token\n\n"


def test_token_with_a_line_break_stays_in_its_line():
    assert write([Record({"text": "b\nc"}, "rows.jsonl", 1, tokens=(Token("b\nc", 0, 3),))]) == "b c\tO\n\n"
