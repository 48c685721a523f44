"""Initialize models with pretrained word vectors."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import tiny_sentence_encoder

FAST = {"epochs": 1, "filters": 8, "max_length": 32, "ngrams": (), "linear_ngrams": (), "refit_rows": 0}
WIDTH = 6


@pytest.fixture(scope="module")
def vectors(news, tmp_path_factory):
    """Write a GloVe file with the capitalized words of the news and with some other words."""
    words = sorted({word for text in news[0] for word in text.lower().split() if word.isalpha()})
    path = tmp_path_factory.mktemp("vectors") / "glove.txt"
    rows = np.random.default_rng(0).normal(0, 0.4, (len(words) + 3, WIDTH))
    names = ["zebra", "don't", "quokka", *map(str.capitalize, words)]
    path.write_text(
        "".join(f"{name} {' '.join(f'{value:.6f}' for value in row)}\n" for name, row in zip(names, rows, strict=True)),
        encoding="utf-8",
    )
    return path


def embedding(classifier, name="embedding"):
    return classifier.bundle_.model.get_layer(name).get_weights()[0]


def read_rows(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return {line.split()[0]: np.array(line.split()[1:], np.float32) for line in lines}


def test_frozen_embedding_has_vectors_and_random_rows_of_same_variance(vectors, news):
    settings = {"vectors": str(vectors), "vectors_stddev": 0.0, "freeze": ("embedding",)}
    classifier = TextClassifier(**FAST, **settings).fit(*news)
    vocabulary, found, expected = classifier.bundle_.vectorizer.vocabulary, embedding(classifier), read_rows(vectors)
    assert found.shape[1] == classifier.bundle_.config.network.embedding_dim == WIDTH
    known = [number for number, token in enumerate(vocabulary) if token.capitalize() in expected]
    np.testing.assert_allclose(found[known], [expected[vocabulary[n].capitalize()] for n in known], atol=1e-6)
    others = np.setdiff1d(np.arange(len(found)), known)
    assert 0.8 < found[others].std() / found[known].std() < 1.2
    metrics = classifier.bundle_.metrics
    assert metrics["vocabulary_coverage"] == pytest.approx(len(known) / (len(vocabulary) - 2))
    assert 0.3 < metrics["token_coverage"] < 1


def test_vectors_are_scaled_and_trained(vectors, news):
    classifier = TextClassifier(**FAST, vectors=str(vectors), vectors_stddev=0.1, learning_rate=0.01).fit(*news)
    expected, number = read_rows(vectors)["The"], classifier.bundle_.vectorizer.vocabulary.index("the")
    scale = 0.1 / np.std([row for name, row in read_rows(vectors).items() if name[0].isupper()])
    moved = np.abs(embedding(classifier)[number] - scale * expected)
    assert 0 < moved.max() < 0.2


def test_static_channel_keeps_vectors(vectors, news):
    settings = {"vectors": str(vectors), "vectors_stddev": 0.0, "static_channel": True, "learning_rate": 0.01}
    classifier = TextClassifier(**FAST, **settings).fit(*news)
    number = classifier.bundle_.vectorizer.vocabulary.index("the")
    expected = read_rows(vectors)["The"]
    np.testing.assert_allclose(embedding(classifier, "static_embedding")[number], expected, atol=1e-6)
    assert np.abs(embedding(classifier)[number] - expected).max() > 1e-4


def test_extends_vocabulary_with_single_tokens_of_vectors(vectors, news):
    settings = {"vectors": str(vectors), "vectors_stddev": 0.0, "freeze": ("embedding",), "extend_vocabulary": 2}
    classifier = TextClassifier(**FAST, **settings).fit(*news)
    vocabulary = classifier.bundle_.vectorizer.vocabulary
    assert vocabulary[-2:] == ["zebra", "quokka"], "don't is three tokens, and the others are known"
    np.testing.assert_allclose(
        embedding(classifier)[vocabulary.index("quokka")], read_rows(vectors)["quokka"], atol=1e-6
    )


def test_bundle_does_not_need_vectors_file(vectors, news, tmp_path):
    moved = tmp_path / "vectors.txt"
    moved.write_bytes(vectors.read_bytes())
    classifier = TextClassifier(**FAST | {"ngrams": (2,)}, vectors=str(moved)).fit(*news)
    classifier.save(tmp_path / "news")
    moved.unlink()
    assert load(tmp_path / "news").predict(news[0][:5]).tolist() == classifier.predict(news[0][:5]).tolist()


def test_chinese_vectors_and_bundle_without_word_list(reviews_zh, tmp_path):
    path, words = tmp_path / "words.vec", ["房间", "酒店", "服务", "犰狳", "好", "the"]
    rows = np.random.default_rng(0).normal(0, 0.4, (len(words), WIDTH))
    lines = (f"{word} {' '.join(map(str, row))}\n" for word, row in zip(words, rows, strict=True))
    path.write_text("".join(lines), encoding="utf-8")
    settings = {"vectors": str(path), "vectors_stddev": 0.0, "extend_vocabulary": 9, "freeze": ("embedding",)}
    texts, labels = (column[::8] for column in reviews_zh)
    classifier = TextClassifier(**FAST, **settings, split="dictionary").fit(texts, labels)
    vocabulary = classifier.bundle_.vectorizer.vocabulary
    assert "房间" in vocabulary and "犰狳" in vocabulary
    np.testing.assert_allclose(embedding(classifier)[vocabulary.index("犰狳")], rows[3], atol=1e-6)
    classifier.save(tmp_path / "reviews")
    path.unlink()
    loaded = load(tmp_path / "reviews")
    assert loaded.bundle_.vectorizer.tokenize_text("犰狳的房间") == ["犰狳", "的", "房间"]
    np.testing.assert_allclose(loaded.predict_proba(texts), classifier.predict_proba(texts), atol=1e-6)


@pytest.mark.parametrize("group", ["embedding", "encoder"])
def test_frozen_group_does_not_change(group, news):
    def weights(epochs):
        classifier = TextClassifier(**FAST | {"epochs": epochs}, freeze=(group,), patience=9).fit(*news)
        return {layer.name: layer.get_weights() for layer in classifier.bundle_.model.layers}

    one, three = weights(1), weights(3)
    changed = {name for name in one if not all(map(np.array_equal, one[name], three[name]))}
    convolutions = {name for name in one if name == "convolutions"}
    assert changed == ({"logits"} | convolutions if group == "embedding" else {"logits", "embedding"})


def test_rejects_vectors_for_model_without_embedding_dim(vectors, news):
    with pytest.raises(InputError, match=r"zhang_char_cnn has no network\.embedding_dim"):
        TextClassifier(model="zhang_char_cnn", vectors=str(vectors)).fit(*news)


def test_pruned_pieces_of_a_bundle_are_extended_by_those_of_the_training_texts(news, reviews_zh, tmp_path):
    settings = {"model": "sentence_cnn", "weights": tiny_sentence_encoder(), "linear_ngrams": (), "refit_rows": 0}
    settings |= {"epochs": 1, "max_length": 32, "prune": 60}
    first = TextClassifier(**settings).fit(*news)
    first.save(tmp_path / "first")
    second = TextClassifier(**settings, init_from=str(tmp_path / "first")).fit(*reviews_zh)
    alone = TextClassifier(**settings).fit(*reviews_zh)
    tokens, inherited = second.bundle_.vectorizer.vocabulary, first.bundle_.vectorizer.vocabulary
    assert tokens[: len(inherited)] == inherited
    assert set(tokens) == {*inherited, *alone.bundle_.vectorizer.vocabulary}
    for weights, old in zip(
        *(c.bundle_.model.get_layer("embedding").get_weights() for c in (second, first)), strict=True
    ):
        np.testing.assert_array_equal(weights[: len(inherited)], old)
    [added] = second.bundle_.vectorizer.encode_text(tokens[-1])[-1:]
    assert tokens[added] == tokens[-1] not in inherited
    second.save(tmp_path / "second")
    np.testing.assert_allclose(
        load(tmp_path / "second").predict_proba(reviews_zh[0][:5]), second.predict_proba(reviews_zh[0][:5]), atol=1e-6
    )
