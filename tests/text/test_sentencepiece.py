"""SentencePiece models: files, segmentation in three implementations, and the vectorizer that uses them."""

from __future__ import annotations

import dataclasses
import itertools
import pickle
import sys
import unicodedata
from functools import cache
from pathlib import Path

import keras
import numpy as np
import pytest
import sentencepiece
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import sentencepiece_model_pb2

from kerascnn.encoders.universal_sentence_encoder import find_sentencepiece_model
from kerascnn.text.config import TextConfig
from kerascnn.text.sentencepiece import SentencePieceModel
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError
from tests.conftest import train_pieces
from tests.text.hard_texts import TEXTS
from tests.text.test_parity import INVALID

SETTINGS = TextConfig(split="sentencepiece", standardize=(), max_length=1_000_000)
HARD_TEXTS = [
    *(text for text in TEXTS if len(text) < 1000), "   ", "\x01", " \x01 ", "\x00", "a\x00b", "\u2581a\u2581", "\ufdfa",
    "<s> a </s> <unk> [UNK] [PAD]", "각 \u1100\u1161\u11a8 ㄱㅏ", "a\u0323\u0302 \u0344", "①②㍿㌀ ㄅ", "𝓗𝓮𝓵𝓵𝓸",
    "½ ⅓ ｱﾞ ゛", "\u202eabc\u202c \u2066x\u2069", "x \t\r\n\v\f\x85\u2028 y", "ᚠᚡ ᚢ", "\ufeffa", "\U000e0041\U0001f3f4",
]  # fmt: skip


@pytest.fixture(scope="module")
def models(sentencepiece_model):
    """Return models that differ in pieces and in normalization."""
    model, letters = sentencepiece_model, [piece for piece in sentencepiece_model.pieces if len(piece) == 1]
    return {
        "trained": model,
        "pruned": model.keep([*model.pieces[::3], *letters[::2]]),
        "without rules": dataclasses.replace(model, charsmap=b""),
        "without prefix": dataclasses.replace(model, add_dummy_prefix=False),
        "with all spaces": dataclasses.replace(model, remove_extra_whitespaces=False),
        "equal scores": dataclasses.replace(model, scores=(-1.1,) * len(model.scores)),
    }


MODELS = ("trained", "pruned", "without rules", "without prefix", "with all spaces", "equal scores")
every_model = pytest.mark.parametrize("name", MODELS)


@cache
def make_vectorizer(model, **changes):
    settings = dataclasses.replace(SETTINGS, **changes)
    return Vectorizer(settings, model.tokens, sentencepiece=model)


def without_replaced_characters(texts):
    """Replace lone surrogates, which the library rejects, and U+0000, which the rules replace."""
    return [text.encode("utf-8", "replace").decode().replace("\0", " ") for text in texts]


def assert_pieces_of_library(content, vectorizer, texts):
    """Compare with the library, whose versions choose differently between orders of the same pieces: `!` `!!!`."""
    library = sentencepiece.SentencePieceProcessor(model_proto=content)
    for text in texts:
        assert sorted(number - 1 for number in vectorizer.encode_text(text)) == sorted(library.encode(text)), text


def assert_parity(vectorizer, texts):
    encoded = [text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass") for text in texts]
    rows = vectorizer(tf.constant(encoded, tf.string)).numpy() if texts else []
    for text, row in zip(texts, rows, strict=True):
        assert vectorizer.encode_text(text) == row[row != 0].tolist(), repr(text[:200])


@every_model
def test_graph_and_python_give_the_same_ids(name, models, news, reviews_zh):
    assert_parity(make_vectorizer(models[name]), [*HARD_TEXTS, *INVALID, *news[0][:60], *reviews_zh[0][:60]])


def test_long_text_is_split_equally(models, news, reviews_zh):
    # the sums of scores are so large that their precision matters
    text = " ".join([*news[0], *reviews_zh[0]])
    assert_parity(make_vectorizer(models["equal scores"]), [text, "the" * 5000, "ᚠ" * 5000])
    assert_parity(make_vectorizer(models["pruned"]), [text])


@pytest.mark.parametrize("name", [name for name in MODELS if name != "equal scores"])
def test_library_gives_the_same_pieces(name, models, news, reviews_zh):
    texts = without_replaced_characters([*HARD_TEXTS, *news[0][:60], *reviews_zh[0][:60]])
    assert_pieces_of_library(models[name].serialize(), make_vectorizer(models[name]), texts)


def test_every_code_point_is_normalized_equally(models):
    codes = [*range(0x3400), *range(0x3400, 0xD7A4, 97), *range(0xF900, 0x1F800, 3)]
    words = [f"{chr(code)} a{chr(code)}\u0301" for code in codes]
    assert_parity(make_vectorizer(models["trained"]), ["".join(words[i : i + 50]) for i in range(0, len(words), 50)])


@settings(max_examples=40, deadline=None)
@given(
    texts=st.lists(
        st.text(st.characters(codec=None) | st.sampled_from("the ing的。\u0301ａ\ud800가ﬁ\u2581")), max_size=20
    )
)
def test_any_text(texts, models):
    for name in ("trained", "pruned"):
        assert_parity(make_vectorizer(models[name]), texts)


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.binary(max_size=12), max_size=20))
def test_any_bytes(texts, models):
    assert_parity(make_vectorizer(models["without rules"]), texts)


@pytest.mark.parametrize("changes", [
    {"standardize": ("html",)}, {"standardize": ("html", "width", "lowercase", "punctuation")}, {"normalize": "nfkc"},
])  # fmt: skip
def test_steps_before_the_split_are_equal(changes, models):
    known = [text for text in HARD_TEXTS if all(unicodedata.ucd_3_2_0.category(letter) != "Cn" for letter in text)]
    assert_parity(make_vectorizer(models["trained"], **changes), known)


def test_markup_is_removed_across_lines(models):
    vectorizer = make_vectorizer(models["trained"], standardize=("html",))
    assert vectorizer.tokenize_text("the<br\nclass='x'\t/>of") == vectorizer.tokenize_text("the of")


def test_real_model_gives_the_pieces_of_its_file(news, reviews_zh):
    content = Path(find_sentencepiece_model("")).read_bytes()
    model = SentencePieceModel.parse(content, "sp.model")
    texts = without_replaced_characters([*HARD_TEXTS, *news[0][:60], *reviews_zh[0][:60]])
    assert_parity(make_vectorizer(model), texts)
    assert_pieces_of_library(content, make_vectorizer(model), texts)


def test_file_is_read_and_written_without_loss(sentencepiece_model):
    written = sentencepiece_model.serialize()
    assert SentencePieceModel.parse(written, "again") == sentencepiece_model
    proto = sentencepiece_model_pb2.ModelProto.FromString(written)
    assert [piece.piece for piece in proto.pieces[1:]] == list(sentencepiece_model.pieces)
    assert [piece.type for piece in proto.pieces[:4]] == [2, 3, 3, 1]
    assert sentencepiece_model.control == {"<s>", "</s>"}


def test_file_is_read_again_only_after_a_change(sentencepiece_model, tmp_path):
    path = tmp_path / "sp.model"
    with pytest.raises(InputError, match=r"sp\.model: the SentencePiece model cannot be read \(No such file"):
        SentencePieceModel.load(path)
    path.write_bytes(sentencepiece_model.serialize())
    loaded = SentencePieceModel.load(path)
    assert loaded == sentencepiece_model
    assert SentencePieceModel.load(path) is loaded
    smaller = sentencepiece_model.keep(sentencepiece_model.pieces[:100])
    path.write_bytes(smaller.serialize())
    assert SentencePieceModel.load(path) == smaller


def test_control_pieces_match_no_text(sentencepiece_model):
    ids = make_vectorizer(sentencepiece_model).encode_text("<s> </s> <unk> [UNK] [PAD]")
    assert not {0, 2, 3} & set(ids)


def test_run_of_unknown_characters_is_one_unknown_token(sentencepiece_model):
    vectorizer = make_vectorizer(sentencepiece_model)
    assert vectorizer.tokenize_text("ᚠᚡ ᚢ") == ["▁", "[UNK]", "▁", "[UNK]"]
    assert vectorizer.encode_text("ᚠᚡ")[1] == 1


def test_pruned_model_splits_words_into_the_pieces_that_are_left(sentencepiece_model):
    assert sentencepiece_model.tokenizer.tokenize("the") == ["▁the"]
    pruned = sentencepiece_model.keep(["▁", "t", "e", "no piece"])
    assert pruned.tokens[:4] == ["[PAD]", "[UNK]", "<s>", "</s>"] and set(pruned.tokens[4:]) == {"▁", "t", "e"}
    assert pruned.tokenizer.tokenize("the") == ["▁", "t", "[UNK]", "e"]
    with pytest.raises(InputError, match="none of the pieces to keep"):
        sentencepiece_model.keep(["<s>", "no piece"])


def test_extended_model_keeps_its_ids_and_splits_as_the_whole(sentencepiece_model, news):
    pieces = sentencepiece_model.pieces
    first, second = sentencepiece_model.keep(pieces[100:]), sentencepiece_model.keep(pieces[:200])
    extended = first.extend(second)
    assert extended.tokens[: len(first.tokens)] == first.tokens
    assert sorted(extended.tokens) == sorted(sentencepiece_model.tokens)
    for text in news[0][:20]:
        assert extended.tokenizer.tokenize(text) == sentencepiece_model.tokenizer.tokenize(text)
    with pytest.raises(InputError, match="normalize text differently"):
        first.extend(dataclasses.replace(second, charsmap=b""))


def rewrite(content, change):
    proto = sentencepiece_model_pb2.ModelProto.FromString(content)
    change(proto)
    return proto.SerializeToString()


@pytest.mark.parametrize(("change", "message"), [
    (lambda proto: setattr(proto.trainer_spec, "model_type", 2), "of the type bpe; supported is unigram"),
    (lambda proto: setattr(proto.pieces[5], "type", 6), "byte fallback"),
    (lambda proto: setattr(proto.trainer_spec, "treat_whitespace_as_suffix", True), "spaces at the end of words"),
    (lambda proto: setattr(proto.pieces[5], "piece", "[PAD]"), r"has the piece \[PAD\]"),
    (lambda proto: setattr(proto.pieces[0], "type", 1), "damaged"),
    (lambda proto: setattr(proto.pieces[5], "piece", proto.pieces[6].piece), "damaged"),
    (lambda proto: setattr(proto.pieces[5], "piece", ""), "damaged"),
    (lambda proto: setattr(proto.pieces[5], "score", float("nan")), "damaged"),
    (lambda proto: setattr(proto.normalizer_spec, "precompiled_charsmap", b"\xff\xff\0\0abc"), "damaged"),
    (lambda proto: proto.ClearField("pieces"), "damaged"),
])  # fmt: skip
def test_rejects_other_models(change, message, sentencepiece_model):
    content = rewrite(sentencepiece_model.serialize(), change)
    with pytest.raises(InputError, match=rf"sp\.model: .*{message}"):
        SentencePieceModel.parse(content, "sp.model")


def test_rejects_damaged_files(sentencepiece_model):
    content = sentencepiece_model.serialize()
    for damaged in (b"", b"text", content[:-1], content[:1000], content[1:], b"\xff" * 100, b"PK\x03\x04" + content):
        with pytest.raises(
            InputError, match=r"sp\.model: damaged, or not a SentencePiece model; give the file"
        ) as error:
            SentencePieceModel.parse(damaged, "sp.model")
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "piece",
    [b"\x15\x00\x00\x80\xbf", b"\x08\x07", b"\x0d\x00\x00\x80\xbf", b"\x0a\x01a\x10" + b"\xff" * 200 + b"\x01"],
    ids=["without text", "integer as text", "float as text", "integer as score"],
)
def test_rejects_damaged_pieces(piece, sentencepiece_model):
    content = sentencepiece_model.serialize() + bytes([0x0A, len(piece) & 0x7F | 0x80 * (len(piece) > 127)])
    content += bytes([len(piece) >> 7]) * (len(piece) > 127) + piece
    with pytest.raises(InputError, match=r"sp\.model: damaged, or not a SentencePiece model"):
        SentencePieceModel.parse(content, "sp.model")


def test_user_defined_pieces_match_no_text(news):
    content = train_pieces(news[0], user_defined_symbols=["market"], vocab_size=400)
    model = SentencePieceModel.parse(content, "sp.model")
    assert model.control == {"<s>", "</s>", "market"}
    assert "market" not in model.tokenizer.tokenize("the market")
    assert_parity(make_vectorizer(model), ["the market"])


@every_model
def test_offsets_have_the_tokens_of_tokenize_in_text_order(name, models):
    vectorizer = make_vectorizer(models[name], standardize=("html",))
    for text in HARD_TEXTS:
        spans = vectorizer.tokenize_with_offsets(text)
        assert [span.text for span in spans] == vectorizer.tokenize_text(text), repr(text[:100])
        assert all(0 <= span.start < span.end <= len(text) for span in spans), repr(text[:100])
        assert [span.start for span in spans] == sorted(span.start for span in spans)


@pytest.mark.parametrize(("text", "expected"), [
    ("the  of", ["the", "of"]),
    ("<b>the</b> of", ["the", "of"]),
    ("ｔｈｅ ", ["ｔｈｅ"]),
    ("不ᚠᚡ", ["不", "ᚠᚡ"]),
    ("ﬁᚠ", ["ﬁ", "ﬁ", "ᚠ"]),
])  # fmt: skip
def test_span_of_tokens_is_their_source(text, expected, sentencepiece_model):
    spans = make_vectorizer(sentencepiece_model, standardize=("html",)).tokenize_with_offsets(text)
    assert [text[span.start : span.end] for span in spans if span.text != "▁"] == expected


def test_max_length_cuts_pieces(sentencepiece_model):
    vectorizer = make_vectorizer(sentencepiece_model, max_length=3)
    values, splits = vectorizer.encode(["the of to in the", "", "the"])
    ids = [values[start:stop].tolist() for start, stop in itertools.pairwise(splits)]
    assert ids == [vectorizer.encode_text(text) for text in ["the of to in the", "", "the"]]
    assert list(map(len, ids)) == [3, 0, 1]
    assert len(vectorizer.tokenize_with_offsets("the of to in the")) == 3


def test_pickled_vectorizer_gives_the_same_ids_and_is_small(sentencepiece_model):
    vectorizer = make_vectorizer(sentencepiece_model)
    ids = vectorizer.encode_text("the market")
    pickled = pickle.dumps(vectorizer)
    assert len(pickled) < 400_000
    again = pickle.loads(pickled)
    assert again.encode_text("the market") == again.encode(["the market"])[0].tolist() == ids
    assert again.get_config() == vectorizer.get_config()


def test_several_vectorizers_outlive_a_reset_of_tensorflow(sentencepiece_model, models):
    vectorizers = [Vectorizer(SETTINGS, model.tokens, sentencepiece=model) for model in models.values()]
    for _ in range(2):
        for vectorizer in vectorizers:
            assert vectorizer.encode(["the market"])[0].tolist() == vectorizer.encode_text("the market")
        keras.utils.set_random_seed(0)
        keras.backend.clear_session()


def test_vectorizer_rejects_other_files_and_settings(sentencepiece_model, tmp_path):
    with pytest.raises(InputError, match="give --model sentence_cnn"):
        Vectorizer(SETTINGS, sentencepiece_model.tokens)
    with pytest.raises(InputError, match="give --model sentence_cnn"):
        Vectorizer.adapt(iter(lambda: pytest.fail("a text was read"), None), SETTINGS)
    with pytest.raises(InputError, match="not that of the SentencePiece model"):
        Vectorizer(SETTINGS, sentencepiece_model.tokens[:-1], sentencepiece=sentencepiece_model)
    with pytest.raises(InputError, match="stop_words"):
        Vectorizer(SETTINGS, sentencepiece_model.tokens, ["the"], sentencepiece=sentencepiece_model)


def test_graph_without_tensorflow_text_says_so_in_one_line(sentencepiece_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_text", None)
    vectorizer = Vectorizer(SETTINGS, sentencepiece_model.tokens, sentencepiece=sentencepiece_model)
    with pytest.raises(InputError, match=r"text\.split sentencepiece needs tensorflow-text"):
        vectorizer.encode(["the"])
    assert vectorizer.encode_text("the")  # plain Python does not need it


def test_export_loads_as_in_tensorflow_serving(sentencepiece_model, tmp_path):
    vectorizer = make_vectorizer(sentencepiece_model, standardize=("html",))
    archive = keras.export.ExportArchive()
    archive.track(vectorizer.layer)
    archive.add_endpoint("ids", vectorizer.__call__, [tf.TensorSpec([None], tf.string, name="text")])
    archive.write_out(str(tmp_path / "1"), verbose=False)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(tmp_path / "1")).signature_def["ids"]
        (text,), (output,) = signature.inputs.values(), signature.outputs.values()
        texts = [text for text in HARD_TEXTS if len(text) < 1000]
        ids = session.run(output.name, {text.name: [text.encode("utf-8", "surrogatepass") for text in texts]})
    assert [row[row != 0].tolist() for row in ids] == [vectorizer.encode_text(text) for text in texts]
    assert ids.dtype == np.int32
