"""Vectors of words, as TensorBoard's own plugin reads them."""

import json

import numpy as np
import pytest
from tensorboard.plugins.base_plugin import TBContext
from tensorboard.plugins.projector.projector_plugin import ProjectorPlugin
from werkzeug.test import Client

from kerascnn import TextClassifier
from kerascnn.evaluation import projector
from kerascnn.export.projector import export
from kerascnn.utils.errors import InputError

SMALL = {"epochs": 1, "min_count": 1, "max_length": 32, "refit_rows": 0, "linear_ngrams": ()}


def serve(folder):
    """Return a function that asks TensorBoard's projector for a path."""
    apps = ProjectorPlugin(TBContext(logdir=str(folder), data_provider=None)).get_plugin_apps()

    def get(path, **query):
        return Client(apps[path]).get("/", query_string=query).data

    return get


@pytest.mark.parametrize(
    ("settings", "layer"),
    [
        ({"model": "word_cnn", "filters": 8, "ngram_buckets": 64}, "embedding"),
        ({"model": "bow", "ngrams": (1, 2), "ngram_buckets": 64}, "ngram_embedding"),
    ],
)
def test_tensorboard_reads_the_vector_of_each_word(settings, layer, news, tmp_path, monkeypatch):
    classifier = TextClassifier(**settings, **SMALL).fit(news[0][::4], news[1][::4])
    monkeypatch.setattr(projector, "MAX_TOKENS", 50)
    assert projector.write_projector(classifier.bundle_, tmp_path)
    get = serve(tmp_path)
    assert json.loads(get("/runs")) == ["."]
    [info] = json.loads(get("/info", run="."))["embeddings"]
    name = info["tensorName"]
    tokens = get("/metadata", run=".", name=name).decode().splitlines()
    assert tokens == classifier.bundle_.vectorizer.vocabulary[2:52]
    vectors = np.frombuffer(get("/tensor", run=".", name=name), np.float32).reshape(50, -1)
    [weights] = classifier.model_.get_layer(layer).get_weights()
    np.testing.assert_allclose(vectors, weights[2:52], rtol=1e-4)


def test_characters_that_break_lines_are_escaped(tmp_path):
    texts = ["a\tb good", "a\\b bad", "c\u2028d good", "e\u3000f bad"] * 10
    settings = {"model": "bow", "level": "character", "ngrams": (1,), "standardize": ()}
    classifier = TextClassifier(**settings, **SMALL).fit(texts, ["x", "y"] * 20)
    projector.write_projector(classifier.bundle_, tmp_path)
    lines = (tmp_path / "metadata.tsv").read_bytes().decode().split("\n")[:-1]
    assert len(lines) == len(classifier.bundle_.vectorizer.vocabulary) - 2
    assert all(line and "\t" not in line and line.splitlines() == [line] for line in lines)


def test_linear_model_has_no_vectors(tmp_path, news):
    linear = TextClassifier(model="bow", linear_characters=()).fit(news[0][::4], news[1][::4])
    with pytest.raises(InputError, match="bow has no vectors of words"):
        export(linear.bundle_, tmp_path)
    assert list(tmp_path.iterdir()) == []
