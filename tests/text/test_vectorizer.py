"""Text to ids through the public interface."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from kerascnn.text import python_tokenizer
from kerascnn.text.config import TextConfig
from kerascnn.text.rules import build_rules
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.text.vocabulary import RESERVED_TOKENS
from kerascnn.utils.errors import InputError

TEXTS = ["The film was good, very good!", "I didn't like the film.", "这部电影很好看，电影!", "", "👍🏻 good"]


def tokenize(text: str, **settings) -> list[str]:
    config = TextConfig(**settings)
    return python_tokenizer.tokenize(text, build_rules(config), level=config.level, max_length=config.max_length)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don’t stop 'now', it's 5%!", ["don", "'", "t", "stop", "'", "now", "'", ",", "it", "'", "s", "5", "%", "!"]),
        ("我爱iPhone！ＯＫ", ["我", "爱", "iphone", "!", "ok"]),
        (
            "nice<br /><br />film &amp; book &lt;b&gt;x&lt;/b&gt; it #39;s a < b",
            ["nice", "film", "&", "book", "x", "it", "'", "s", "a", "<", "b"],
        ),
        ("ok 👍🏻👨‍👩‍👧🇩🇪🇫🇷", ["ok", "👍🏻", "👨‍👩‍👧", "🇩🇪", "🇫🇷"]),
        ("ÄRGER ΟΔΟΣ e\u0301", ["ärger", "οδος", "e\u0301"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
    ],
)
def test_splits_words(text, expected):
    assert tokenize(text) == expected


def test_step_punctuation_removes_punctuation_and_symbols():
    tokens = tokenize("'Don't!' -- $5, 好。👍🏻 rock''n", standardize=("punctuation",))
    assert tokens == ["Don", "t", "5", "好", "rock", "n"]


def test_split_whitespace_splits_at_any_space_only():
    assert tokenize("a,b\u3000c\x85d\xa0e", split="whitespace") == ["a,b", "c", "d", "e"]


def test_characters_are_code_points_with_single_spaces():
    assert tokenize("  A\n\n好b ", level="character") == ["a", " ", "好", "b"]


@pytest.mark.parametrize("level", ["word", "character"])
def test_graph_and_python_give_the_same_ids(level):
    vectorizer = Vectorizer.adapt(TEXTS, TextConfig(level=level, min_count=1, max_tokens=12, max_length=6))
    values, splits = vectorizer.encode(TEXTS)
    assert values.dtype == np.int32 and splits.dtype == np.int64
    ids = [values[a:b].tolist() for a, b in itertools.pairwise(splits)]
    assert ids == [vectorizer.encode_text(text) for text in TEXTS]
    assert ids[3] == [] and max(map(len, ids)) == 6 and 1 in values and 0 not in values
    padded = vectorizer(tf.constant(TEXTS))
    assert padded.dtype == tf.int32 and padded.shape == (5, 6)
    assert padded.numpy()[4].tolist() == ids[4] + [0] * (6 - len(ids[4]))


def test_reserved_strings_in_text_are_unknown():
    vectorizer = Vectorizer(TextConfig(split="whitespace", standardize=()), ["[PAD]", "[UNK]", "a"])
    assert vectorizer.encode(["[PAD] a [UNK]"])[0].tolist() == vectorizer.encode_text("[PAD] a [UNK]") == [1, 2, 1]


def test_empty_vocabulary_makes_all_tokens_unknown():
    vectorizer = Vectorizer.adapt(["once"], TextConfig(min_count=2))
    assert vectorizer.encode(["once upon"])[0].tolist() == [1, 1]
    assert vectorizer.encode([])[1].tolist() == [0]


def test_stop_words_are_standardized_and_removed(tmp_path):
    path = tmp_path / "stop.txt"
    path.write_text("The\n’\n\n.\n", encoding="utf-8")
    vectorizer = Vectorizer.adapt(["the end. 'the' end"], TextConfig(stop_words=str(path), min_count=1))
    assert vectorizer.stop_words == ("the", "'", ".")
    assert vectorizer.vocabulary == ["[PAD]", "[UNK]", "end"]
    path.unlink()
    again = Vectorizer.from_config(json.loads(json.dumps(vectorizer.get_config())), vectorizer.vocabulary)
    text = "The end ... 'the xxx"
    assert again.encode([text])[0].tolist() == again.encode_text(text) == [2, 1]


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"a\nb c\n", "line 2: 'b c' is 2 tokens"), (b"\xff", "not UTF-8"), (None, "cannot be read")],
)
def test_reports_invalid_stop_word_file(tmp_path, content, message):
    path = tmp_path / "stop.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=f"stop.txt.*{message}"):
        Vectorizer.adapt(["a"], TextConfig(stop_words=str(path)))


def test_rejects_config_of_a_newer_version():
    config = Vectorizer(TextConfig(), ["[PAD]", "[UNK]"]).get_config()
    with pytest.raises(InputError, match="version 99"):
        Vectorizer.from_config(config | {"version": 99}, [])


@pytest.mark.parametrize("split", ["unicode", "dictionary"])
def test_layer_survives_keras_serialization(split):
    vectorizer = Vectorizer(TextConfig(split=split), [*RESERVED_TOKENS, "电影", "good"])
    layer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(vectorizer.layer))
    assert np.array_equal(layer(tf.constant(TEXTS)), vectorizer.layer(tf.constant(TEXTS)))


@pytest.mark.parametrize("split", ["unicode", "dictionary"])
def test_export_needs_only_core_ops_and_loads_as_in_tensorflow_serving(split, tmp_path):
    vectorizer = Vectorizer(TextConfig(split=split), [*RESERVED_TOKENS, "电影", "good", "影", "the", "好看"])
    archive = keras.export.ExportArchive()
    archive.track(vectorizer.layer)
    archive.add_endpoint("ids", vectorizer.__call__, [tf.TensorSpec([None], tf.string, name="text")])
    archive.write_out(str(tmp_path / "1"), verbose=False)
    saved = saved_model_pb2.SavedModel.FromString((tmp_path / "1" / "saved_model.pb").read_bytes())
    used = {node.op for function in saved.meta_graphs[0].graph_def.library.function for node in function.node_def}
    assert "StaticRegexReplace" in used and not {"NormalizeUTF8", "CaseFoldUTF8"} & used
    assert not any("Wordpiece" in op for op in used)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "1")).signature_def["ids"]
        (text,), (output,) = signature.inputs.values(), signature.outputs.values()
        ids = session.run(output.name, {text.name: TEXTS})
    expected = [vectorizer.encode_text(text) for text in TEXTS]
    assert ids.tolist() == [row + [0] * (ids.shape[1] - len(row)) for row in expected]


@pytest.mark.parametrize("level", ["word", "character"])
def test_document_of_a_megabyte_is_cut_at_max_length(level):
    document = "good film 好 " * 80_000 + "x" * 100_000 + "'" * 100_000
    vectorizer = Vectorizer(TextConfig(level=level), ["[PAD]", "[UNK]", "good"])
    values, _ = vectorizer.encode([document])
    assert values.tolist() == vectorizer.encode_text(document)
    assert len(values) == 512


@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", pytest.param("lt_LT.UTF-8", marks=pytest.mark.full)])
def test_lower_case_does_not_depend_on_the_locale(locale):
    script = (
        "from kerascnn.text.config import TextConfig; from kerascnn.text.vectorizer import Vectorizer\n"
        "text = 'I ISPARTA \u0130STANBUL \u00cc\u00cd\u0128 \u012e\u0307 J'\n"
        "vectorizer = Vectorizer.adapt([text.lower()], TextConfig(min_count=1))\n"
        "assert vectorizer.encode([text])[0].tolist() == vectorizer.encode_text(text), 'parity'\n"
        "assert 1 not in vectorizer.encode_text(text), 'unknown'"
    )
    environment = {**os.environ, "LC_ALL": locale, "LANG": locale}
    finished = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
