"""The baselines of the accuracy benchmark with the vectors of pretrained encoders."""

import logging

import keras
import keras_hub
import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from kerascnn.encoders import minilm as minilm_package
from kerascnn.encoders.wordllama import PACKAGE, TOKENIZER, WEIGHTS
from pipelines.benchmark.baselines import logistic_regression, minilm, train_baseline, wordllama
from pipelines.benchmark.baselines.logistic_regression import TextEncoder, choose_cost
from pipelines.benchmark.data_sets import LabelledRows
from tests.pipelines.test_benchmark import split
from tests.pipelines.test_benchmark_baselines import labelled, options, repeated

TEXTS = ["How far is it from Denver to Aspen ?", "A film.", "Crème brûlée, 好吃!", "word " * 400]


@pytest.fixture(scope="module")
def folder(news_csv, tmp_path_factory):
    return split(news_csv, tmp_path_factory.mktemp("benchmark") / "news")


@pytest.fixture
def tiny_encoder(tmp_path, monkeypatch):
    """Let the installed encoder be a BERT of 8 channels with 30 tokens."""
    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.BertBackbone(
        vocabulary_size=30, num_layers=1, num_heads=2, hidden_dim=8, intermediate_dim=16, max_sequence_length=256
    )
    backbone.save_to_preset(str(tmp_path))
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "how", "far", "is", "it", "a", "film", ".", "creme", "word"]
    (tmp_path / "vocab.txt").write_text("\n".join(tokens), encoding="utf-8")
    monkeypatch.setattr(minilm_package, "find_folder", lambda: tmp_path)
    minilm.load_encoder.cache_clear()
    yield minilm.load_encoder()
    minilm.load_encoder.cache_clear()


def test_wordllama_has_the_vectors_of_its_package(monkeypatch):
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # the package would configure the logging of all
    from wordllama.inference import WordLlamaInference

    table = load_file(PACKAGE.find_file(WEIGHTS))["embedding.weight"]
    package = WordLlamaInference(table, Tokenizer.from_file(str(PACKAGE.find_file(TOKENIZER))))
    encoder = wordllama.load_encoder()
    np.testing.assert_allclose(encoder.encode(TEXTS), package.embed(TEXTS, norm=True), atol=1e-6)
    assert encoder.parameters == table.size
    assert not encoder.encode([""]).any()


def test_wordllama_learns_from_few_rows_what_words_mean():
    train = labelled(
        *((food, "food") for food in ("bread", "rice", "soup", "cheese", "apples", "pasta")),
        *((animal, "animal") for animal in ("dogs", "cats", "horses", "birds", "lions", "cows")),
    )
    chosen = wordllama.choose(LabelledRows(train, [], []), seed=0)
    chosen.fit([row.text for row in train], [row.label for row in train])
    assert chosen.predict(["noodles", "tigers"]) == ["food", "animal"]
    assert chosen.count_parameters() == 32_000 * 256 + 256 + 1


def test_minilm_reads_texts_alike_alone_and_in_a_batch(tiny_encoder):
    together = tiny_encoder.encode(TEXTS)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(together, np.concatenate([tiny_encoder.encode([text]) for text in TEXTS]), atol=1e-5)
    # upper case and accents are removed, and what is too long is cut
    np.testing.assert_allclose(*tiny_encoder.encode(["Crème", "creme"]), atol=1e-6)
    np.testing.assert_allclose(*tiny_encoder.encode(["word " * 254, "word " * 300]), atol=1e-6)


def test_minilm_is_a_baseline(tiny_encoder, folder):
    result = train_baseline("minilm", options(folder, "train", "dev", "test"), 0)
    assert (result["model"], result["training_rows"], result["test_rows"]) == ("minilm", 150, 75)
    assert result["parameters"] == tiny_encoder.parameters + 5 * 9
    assert result["accuracy"] > 0


@pytest.mark.full
@pytest.mark.skipif(not minilm_package.PACKAGE.is_installed(), reason=minilm_package.PACKAGE.install)
def test_minilm_has_the_vectors_of_sentence_transformers():
    expected = [[0.12620, -0.02902, 0.02260, 0.01691, -0.00649], [-0.06980, 0.01419, -0.05837, 0.03601, -0.03091]]
    np.testing.assert_allclose(minilm.load_encoder().encode(TEXTS[:2])[:, :5], expected, atol=5e-4)


def test_c_is_chosen_on_the_validation_rows():
    def encode(texts):
        return np.array([[1.0, 0.0] if text == "the news" else [0.0, 1.0] for text in texts])

    # a small C does not let a single row speak against all the others
    train = repeated(50, ("the news", "a")) + labelled(("the game", "b"))
    costs = {
        label: choose_cost(
            TextEncoder(encode, 0), LabelledRows(train, repeated(3, ("the game", label)), []), seed=0
        ).cost
        for label in "ab"
    }
    assert costs["a"] < costs["b"]


def test_test_texts_are_encoded_once_for_all_seeds(folder):
    seen = []

    def encode(texts):
        seen.append(len(texts))
        return np.array([[len(text), 1.0] for text in texts])

    encoder = TextEncoder(encode, 0)
    rows = repeated(5, ("good", "a"), ("very bad", "b"))
    for seed in (0, 1):
        chosen = logistic_regression.choose_cost(encoder, LabelledRows(rows, [], []), seed)
        chosen.fit([row.text for row in rows], [row.label for row in rows])
        assert chosen.predict(["good", "very bad", "bad"]) == ["a", "b", "a"]
    assert seen == [10, 10, 3, 10, 10]
