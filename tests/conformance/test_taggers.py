"""Guarantees of every registered model with a label for each token, when it is trained.

``tests/models/test_taggers.py`` has those of the untrained model.
"""

import pickle

import keras
import numpy as np
import pytest

from kerascnn import TokenClassifier, load
from kerascnn.export import tagger_tflite
from kerascnn.training import multi_step
from tests.conformance.descriptors import TAGGERS, every_tagger_full_if_slow, selected_models
from tests.tagged import SENTENCES, TAGS

SETTINGS = {"epochs": 3, "deterministic": True, "min_count": 1, "batch_size": 8, "learning_rate": 0.01}


class Interruption(keras.callbacks.Callback):
    """Ends the training as Ctrl-C, before the third epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def train(name, callbacks=(), folder=None, resume=False, **settings):
    tagger = TokenClassifier(model=name, seed=1, **{**SETTINGS, **TAGGERS[name], **settings})
    validation = SENTENCES[:8], TAGS[:8]
    return tagger.fit(
        SENTENCES, TAGS, validation_data=validation, callbacks=callbacks, folder=folder, resume=resume
    )  # fmt: skip


def have_equal_weights(*taggers):
    first, *others = [tagger.model_.get_weights() for tagger in taggers]
    return all(np.array_equal(a, b) for weights in others for a, b in zip(first, weights, strict=True))


@pytest.fixture(scope="module")
def taggers(request):
    """Train each tested model."""
    names = [name for name in selected_models(request, "taggers") if name in TAGGERS]
    return {name: train(name, epochs=10) for name in names}


@every_tagger_full_if_slow
def test_interrupted_training_resumes_to_the_same_weights(name, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(name, [Interruption()], tmp_path / "state")
    assert have_equal_weights(train(name), train(name, folder=tmp_path / "state", resume=True))


@every_tagger_full_if_slow
def test_learns_the_sentences(name, taggers):
    assert taggers[name].score(SENTENCES, TAGS) > 0.9


@every_tagger_full_if_slow
def test_sentence_alone_has_the_answer_that_it_has_in_a_batch(name, taggers):
    mixed = [*SENTENCES[:4], ["Rome"], [], SENTENCES[5] * 9]
    together = taggers[name].predict_proba(mixed)
    for sentence, probabilities in zip(mixed, together, strict=True):
        np.testing.assert_allclose(taggers[name].predict_proba([sentence])[0], probabilities, atol=1e-4)


@every_tagger_full_if_slow
def test_bundle_pickle_and_edge_give_the_same_answers(name, taggers, tmp_path):
    tagger, folder = taggers[name], tmp_path / "bundle"
    tagger.save(folder)
    tagger_tflite.export(tagger.bundle_, folder)
    expected = tagger.predict_proba(SENTENCES[:5])
    for other in (
        load(folder, runtime="tensorflow"),
        load(folder, runtime="tflite"),
        pickle.loads(pickle.dumps(tagger)),
    ):
        assert other.predict(SENTENCES[:5]) == tagger.predict(SENTENCES[:5])
        assert other.classes_.tolist() == tagger.classes_.tolist()
        for found, probabilities in zip(other.predict_proba(SENTENCES[:5]), expected, strict=True):
            np.testing.assert_allclose(found, probabilities, atol=1e-4)


@pytest.mark.full
@pytest.mark.parametrize("name", TAGGERS)
def test_steps_per_execution_do_not_change_the_weights(name, monkeypatch):
    first = train(name)
    monkeypatch.setattr(multi_step, "STEPS_PER_EXECUTION", 1)
    second = train(name)
    for a, b in zip(first.model_.get_weights(), second.model_.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.full
@pytest.mark.parametrize("name", TAGGERS)
def test_trains_in_mixed_precision(name):
    tagger = train(name, epochs=12, dtype_policy="mixed_bfloat16")
    assert tagger.score(SENTENCES, TAGS) > 0.8


@pytest.mark.full
@pytest.mark.parametrize("name", TAGGERS)
def test_softmax_in_place_of_the_random_field(name):
    assert train(name, epochs=12, crf=False).score(SENTENCES, TAGS) > 0.8
