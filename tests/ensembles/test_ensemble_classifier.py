"""Ensembles: the weighted sum of the logits of trained classifiers, in Python."""

import numpy as np
import pytest

import kerascnn
from kerascnn import EnsembleClassifier, TextClassifier
from kerascnn.ensembles.weights import equal_weights, fit_weights, to_logits
from kerascnn.tasks import MULTI_LABEL, SINGLE_LABEL
from kerascnn.utils.errors import InputError


@pytest.fixture(scope="module")
def classifiers(news):
    """A solved classifier and a network, trained on two thirds of the news."""
    texts, labels = [values[::3] + values[1::3] for values in news]
    settings = {"filters": 8, "embedding_dim": 8, "ngrams": (), "epochs": 6, "learning_rate": 0.02, "refit_rows": 0}
    return [
        TextClassifier(model="bow").fit(texts, labels),
        TextClassifier(model="word_cnn", linear_ngrams=(), **settings).fit(texts, labels),
    ]


@pytest.fixture(scope="module")
def held_out(news):
    return news[0][2::3], news[1][2::3]


@pytest.fixture(scope="module")
def ensemble(classifiers, held_out):
    return EnsembleClassifier(classifiers).fit_weights(*held_out)


def test_probabilities_are_the_geometric_mean_without_weights(classifiers, held_out):
    found = EnsembleClassifier(classifiers).predict_proba(held_out[0])
    product = np.prod([classifier.predict_proba(held_out[0]).astype(float) for classifier in classifiers], axis=0)
    expected = np.sqrt(product) / np.sqrt(product).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.dtype == np.float32


def test_fitted_weights_predict_held_out_documents_better_than_equal_ones(classifiers, ensemble, held_out):
    equal = EnsembleClassifier(classifiers).evaluate(*held_out)["loss"]
    best = min(classifier.evaluate(*held_out)["loss"] for classifier in classifiers)
    assert ensemble.evaluate(*held_out)["loss"] < min(equal, 1.05 * best)
    assert ensemble.bundle_.weights != equal_weights(2)
    assert ensemble.score(*held_out) == ensemble.evaluate(*held_out)["accuracy"]


def test_loaded_ensemble_predicts_the_same(ensemble, held_out, tmp_path):
    ensemble.save(tmp_path / "both")
    loaded = kerascnn.load(tmp_path / "both")
    assert isinstance(loaded, EnsembleClassifier)
    np.testing.assert_allclose(loaded.predict_proba(held_out[0]), ensemble.predict_proba(held_out[0]), atol=1e-6)
    assert loaded.bundle_.weights == ensemble.bundle_.weights
    assert list(loaded.predict(held_out[0][:5])) == list(ensemble.predict(held_out[0][:5]))
    with pytest.raises(InputError, match="both: an ensemble, which has a model for each"):
        TextClassifier.load(tmp_path / "both")
    with pytest.raises(InputError, match="both exists already"):
        ensemble.save(tmp_path / "both")


@pytest.mark.parametrize("name", ["ensemble.json", "golden.json", "members/2/manifest.json", "members/1/model.keras"])
def test_a_changed_file_is_named(name, ensemble, tmp_path):
    ensemble.save(tmp_path / "both")
    path = tmp_path / "both" / name
    path.write_bytes(path.read_bytes().replace(b"0", b"1"))
    with pytest.raises(InputError, match=name.rpartition("/")[2]):
        kerascnn.load(tmp_path / "both")


def test_classifiers_with_other_labels_are_refused(classifiers, news):
    other = TextClassifier(model="bow").fit(news[0], [label.upper() for label in news[1]])
    with pytest.raises(InputError, match=r"number 2 \(bow\) has other labels than number 1 \(bow\)"):
        EnsembleClassifier([classifiers[0], other])
    for given in ([], classifiers[:1], ["a", "b"]):
        with pytest.raises(InputError, match="give two or more trained TextClassifier"):
            EnsembleClassifier(given)
    for weights in ([1.0], [1.0, -1.0], [0.0, 0.0], [1.0, float("nan")]):
        with pytest.raises(InputError, match="weights: give a number of 0 or more"):
            EnsembleClassifier(classifiers, weights)


def test_multi_label_classifiers_combine_their_log_odds(briefs):
    texts, labels = briefs
    classifiers = [TextClassifier(model="bow", seed=seed).fit(texts[seed::2], labels[seed::2]) for seed in (0, 1)]
    ensemble = EnsembleClassifier(classifiers).fit_weights(texts, labels)
    odds = [to_logits(classifier.predict_proba(texts), MULTI_LABEL) for classifier in classifiers]
    total = sum(weight * values for weight, values in zip(ensemble.bundle_.weights, odds, strict=True))
    np.testing.assert_allclose(ensemble.predict_proba(texts), 1 / (1 + np.exp(-total)), atol=1e-5)
    assert len(ensemble.thresholds) == len(ensemble.classes_)
    assert ensemble.evaluate(texts, labels)["micro_f1"] > 0.8


def test_a_classifier_that_guesses_gets_little_weight():
    generator = np.random.default_rng(0)
    targets = generator.integers(0, 3, 2000)
    good = np.where(np.arange(3) == targets[:, None], 0.6, 0.2)
    guess = generator.dirichlet(np.ones(3), 2000)
    weights = fit_weights([to_logits(p, SINGLE_LABEL) for p in (good, guess)], targets, SINGLE_LABEL)
    assert weights[0] > 0.9
    assert weights[1] < 0.1


def test_few_documents_leave_weights_near_equal_ones():
    good, bad = np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.1, 0.9], [0.9, 0.1]])
    weights = fit_weights([to_logits(p, SINGLE_LABEL) for p in (good, bad)], np.array([0, 1]), SINGLE_LABEL)
    assert weights == pytest.approx([0.5, 0.5], abs=0.15)
    assert weights[0] > weights[1]
