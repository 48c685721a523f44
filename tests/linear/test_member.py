"""The linear member of a classifier."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.layers import TfidfLinear, WeightedSum
from kerascnn.linear import member as member_module
from kerascnn.linear.member import Features, fit_linear_member
from kerascnn.linear.regularization import Choice
from kerascnn.tasks import SINGLE_LABEL
from tests.linear.documents import VOCABULARY, make_documents

SMALL = {"epochs": 3, "filters": 8, "ngram_buckets": 512, "max_length": 64, "min_count": 1, "deterministic": True}
SMALL |= {"linear_ngrams": (1, 2), "refit_rows": 0}
TRAIN, VALIDATION = make_documents(150, seed=0), make_documents(80, seed=1)


def has_frequent_word(ids):
    return np.array([2 in ids.values[a:b] for a, b in zip(ids.row_splits, ids.row_splits[1:], strict=False)]).astype(
        int
    )


def fit(targets, **options):
    features = Features(TRAIN, VOCABULARY, num_classes=2, ngrams=(1, 2))
    logits = np.zeros((len(VALIDATION), 2))
    return fit_linear_member(
        features, TRAIN, targets, VALIDATION, has_frequent_word(VALIDATION), logits, SINGLE_LABEL, **options
    )


def test_member_predicts_what_its_words_tell():
    member = fit(has_frequent_word(TRAIN))
    scores = sum(np.asarray(layer(VALIDATION.to_padded(np.arange(len(VALIDATION))))) for layer in member.layers)
    assert np.mean(scores.argmax(axis=1) == has_frequent_word(VALIDATION)) > 0.9
    assert member.weight > 0


def test_documents_without_label_or_weight_do_not_count():
    targets = has_frequent_word(TRAIN)
    wrong, unlabelled = np.where(np.arange(150) % 3, targets, 1 - targets), np.where(np.arange(150) % 3, targets, -1)
    weights = (np.arange(150) % 3 > 0).astype(np.float32)
    found = [fit(unlabelled), fit(wrong, weights=weights), fit(unlabelled, weights=np.ones(150, np.float32))]
    first, *others = [[w for layer in member.layers for w in layer.get_weights()] for member in found]
    for other in others:
        assert all(map(np.array_equal, first, other))


def test_weight_is_fitted_to_training_documents_whose_logits_are_known(monkeypatch):
    monkeypatch.setattr(member_module, "fit_weight", lambda logits, scores, targets, *_, **__: len(targets))
    targets = np.where(np.arange(150) % 3, has_frequent_word(TRAIN), -1)
    assert fit(targets).weight == len(VALIDATION)
    assert fit(targets, held_out_logits=np.zeros((100, 2))).weight == 100


def test_member_that_does_not_help_is_left_out(monkeypatch):
    assert fit(np.full(150, -1)) is None
    monkeypatch.setattr(member_module, "fit_weight", lambda *_, **__: 0.0)
    assert fit(has_frequent_word(TRAIN)) is None


@pytest.mark.parametrize(
    ("choice", "layers"),
    [
        ("linear_ngrams", ["linear_ngrams"]),
        ("linear_characters", ["linear_ngrams", "linear_characters"]),
    ],
)
def test_characters_that_do_not_help_are_left_out(choice, layers, monkeypatch):
    features = Features(TRAIN, VOCABULARY, num_classes=2, ngrams=(1,), characters=(2, 3, 4))
    monkeypatch.setattr(member_module, "choose", lambda *_, **__: Choice(choice, 1.0, 1.0, 0.0))
    targets, held_out = has_frequent_word(TRAIN), has_frequent_word(VALIDATION)
    logits = np.zeros((len(VALIDATION), 2))
    member = fit_linear_member(features, TRAIN, targets, VALIDATION, held_out, logits, SINGLE_LABEL)
    assert [layer.name for layer in member.layers] == layers


@pytest.fixture(scope="module")
def news_classifier(news):
    return TextClassifier(**SMALL).fit(*news)


def test_logits_are_weighted_sum_of_network_and_member(news, news_classifier):
    model, built = news_classifier.model_, news_classifier.bundle_.built
    assert isinstance(built.output_layer, WeightedSum)
    members = [layer for layer in model.layers if isinstance(layer, TfidfLinear)]
    network = keras.Model(model.input, built.network_logits)
    ids = np.array([news_classifier.bundle_.vectorizer.encode_text(news[0][0])], np.int32)
    weight = news_classifier.bundle_.metrics["linear_member"]["weight"]
    expected = network(ids) + weight * sum(np.asarray(layer(ids)) for layer in members)
    np.testing.assert_allclose(model(ids), expected, atol=1e-3)
    assert [layer.name for layer in members] in (["linear_ngrams"], ["linear_ngrams", "linear_characters"])


def test_bundle_with_member_is_restored(news, news_classifier, tmp_path):
    news_classifier.save(tmp_path / "bundle")
    restored = load(tmp_path / "bundle")
    np.testing.assert_allclose(restored.predict_proba(news[0]), news_classifier.predict_proba(news[0]), atol=1e-6)
    np.testing.assert_allclose(restored.encode(news[0][:3]), news_classifier.encode(news[0][:3]), atol=1e-6)


def test_network_is_the_same_with_and_without_member(news, news_classifier):
    alone = TextClassifier(**SMALL | {"linear_ngrams": ()}).fit(*news)
    assert not isinstance(alone.bundle_.built.output_layer, WeightedSum)
    weights = {w.path: w.numpy() for w in news_classifier.model_.weights}
    assert all(np.array_equal(weights[w.path], w.numpy()) for w in alone.model_.weights)
    np.testing.assert_array_equal(alone.encode(news[0][:3]), news_classifier.encode(news[0][:3]))


def test_contributions_of_network_and_member_add_up(news, news_classifier):
    for label in news_classifier.classes_:
        found = news_classifier.explain(news[0][0], label)
        total = found.bias + sum(x.contribution for x in found.contributions)
        assert total == pytest.approx(found.logit, abs=1e-4)


def test_encoder_of_classifier_with_member_starts_another(news, news_classifier, tmp_path):
    news_classifier.save(tmp_path / "bundle")
    again = TextClassifier(**SMALL, init_from=str(tmp_path / "bundle")).fit(*news)
    assert again.score(*news) > 0.5


def test_resumed_training_ends_with_the_same_member(news, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    texts, labels = (column[:120] for column in news)
    whole = TextClassifier(**SMALL).fit(texts, labels)
    with pytest.raises(KeyboardInterrupt):
        TextClassifier(**SMALL).fit(texts, labels, callbacks=[Stop()], folder=tmp_path)
    resumed = TextClassifier(**SMALL).fit(texts, labels, folder=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.predict_proba(texts), whole.predict_proba(texts))


def test_validation_scores_are_those_of_the_layers():
    member = fit(has_frequent_word(TRAIN))
    scores = sum(np.asarray(layer(VALIDATION.to_padded(np.arange(len(VALIDATION))))) for layer in member.layers)
    np.testing.assert_allclose(scores, member.validation_scores, atol=1e-5)
