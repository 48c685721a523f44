"""Bundles to export: a word model of English news, a character model of Chinese reviews, both with a linear member."""

import pytest

from kerascnn import TextClassifier

TRAINING = {"epochs": 12, "learning_rate": 0.01, "filters": 32, "ngram_buckets": 4096, "refit_rows": 0}


@pytest.fixture(scope="session")
def classifiers(news, reviews_zh):
    """The trained classifiers by name."""
    return {
        "news": TextClassifier(model="word_cnn", max_length=64, linear_ngrams=(1, 2), **TRAINING).fit(*news),
        "reviews": TextClassifier(model="char_cnn", max_length=96, linear_ngrams=(1, 2, 3), **TRAINING).fit(
            *reviews_zh
        ),
    }


@pytest.fixture(scope="session")
def texts(news, reviews_zh):
    """The training texts of each classifier."""
    return {"news": news[0], "reviews": reviews_zh[0]}


@pytest.fixture(scope="session")
def folders(classifiers, tmp_path_factory):
    """Folders of their bundles. A test that changes one copies it first."""
    place = tmp_path_factory.mktemp("bundles")
    for name, classifier in classifiers.items():
        classifier.save(place / name)
    return {name: place / name for name in classifiers}
