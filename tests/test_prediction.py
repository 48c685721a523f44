"""Predictions of many texts, in several threads."""

import numpy as np
import pytest

from kerascnn import TextClassifier, prediction
from kerascnn.data.ragged import RaggedIds
from kerascnn.prediction import make_predict_function, predict_texts
from kerascnn.utils.errors import InputError


@pytest.fixture(scope="module")
def classifier(news):
    """A linear classifier, which is solved in a second."""
    return TextClassifier(model="bow", max_length=64, refit_rows=0).fit(*news)


@pytest.mark.parametrize("count", [0, 1, 127, 129, 600])
def test_threads_give_what_one_thread_gives_in_the_same_order(count, classifier, news):
    texts = [f"{text} {number}" for number, text in enumerate(news[0] * 2)][:count]
    predict, vectorizer = make_predict_function(classifier.model_), classifier.bundle_.vectorizer
    found = predict_texts(vectorizer, predict, texts, threads=3)
    expected = predict(RaggedIds(*vectorizer.encode(texts)))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    for position in range(0, count, 100):
        np.testing.assert_allclose(
            found[position], classifier.bundle_.model(vectorizer(texts[position : position + 1]))[0], atol=1e-5
        )


def test_texts_of_several_batches_are_encoded_in_order(classifier, news, monkeypatch):
    monkeypatch.setattr("kerascnn.text.vectorizer._BATCH_DOCUMENTS", 7)
    vectorizer, texts = classifier.bundle_.vectorizer, news[0][:100]
    for threads in (1, 2, 3):
        values, splits = vectorizer.encode(texts, num_threads=threads)
        assert [ids.tolist() for ids in np.split(values, splits[1:-1])] == [vectorizer.encode_text(x) for x in texts]


def test_error_in_a_thread_reaches_the_caller(classifier):
    def fail(ids):
        raise InputError("no memory")

    with pytest.raises(InputError, match="no memory"):
        predict_texts(classifier.bundle_.vectorizer, fail, ["a"] * 500, threads=2)


def test_large_models_use_one_thread(monkeypatch):
    monkeypatch.setattr(prediction, "available_cpus", lambda: 64)
    assert prediction.choose_threads(is_large=True) == 1
    assert prediction.choose_threads(is_large=False) == prediction.MAX_THREADS
