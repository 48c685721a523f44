"""Ways of fitting a network with sentence vectors: a solved head, contrastively, and by epochs."""

import random

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import tiny_sentence_encoder

TOPICS = {"market": "business", "game": "sports", "win": "politics"}
FROZEN = {"freeze": ("encoder",)}
ROWS = 60


def train(texts, labels, fit=None, **settings):
    small = {"model": "sentence_cnn", "weights": tiny_sentence_encoder(), "linear_ngrams": (), "max_length": 12}
    small |= {"learning_rate": 3e-3, "batch_size": 16, "refit_rows": 0}
    return TextClassifier(**small | settings).fit(texts, labels, **fit or {})


def write_texts(topics):
    """Return a text of six words for each list of topics, whose words are among them."""
    draw = random.Random(0)
    texts = []
    for words in topics:
        others = draw.choices(["the", "of", "and", "to", "a", "in", "said", "is", "for", "on"], k=6 - len(words))
        texts.append(" ".join(draw.sample([*words, *others], 6)))
    return texts


@pytest.fixture(scope="module")
def few():
    """Return texts about one topic each, and the labels."""
    topics = [list(TOPICS)[number % 3] for number in range(ROWS)]
    return write_texts([[topic] for topic in topics]), [TOPICS[topic] for topic in topics]


@pytest.fixture(scope="module")
def tuned(few):
    return train(*few, epochs=4)


@pytest.fixture(scope="module")
def frozen(few):
    return train(*few, **FROZEN)


def separation(classifier, texts, labels):
    """Return by how much texts with the same label are more similar than others."""
    ids = np.array([(classifier.bundle_.vectorizer.encode_text(text) + [0] * 12)[:12] for text in texts], "int32")
    vectors = np.asarray(classifier.bundle_.built.sentence_encoder()(ids))
    same, cosines = np.asarray(labels)[:, None] == np.asarray(labels), vectors @ vectors.T
    return cosines[same].mean() - cosines[~same].mean()


def test_frozen_encoder_has_a_solved_head_and_no_epochs(frozen, few):
    metrics = frozen.bundle_.metrics
    assert metrics["epochs"] == 0 and set(metrics["solved_head"]) == {"cost", "seconds"}
    assert "contrastive" not in metrics and frozen.bundle_.history == []
    assert frozen.score(*few) > 0.9
    again = train(*few, **FROZEN, seed=5)
    np.testing.assert_allclose(again.predict_proba(few[0]), frozen.predict_proba(few[0]), atol=1e-5)


def test_settings_without_effect_on_a_solved_head_are_named(few, capfd):
    train(*few, {"verbose": True, "callbacks": [keras.callbacks.TerminateOnNaN()]}, **FROZEN, epochs=3)
    err = capfd.readouterr().err
    assert "the head is solved on its vectors, without epochs; without effect: training.epochs" in err
    assert "training.learning_rate, callbacks" in err


def test_few_rows_are_learned_contrastively(tuned, frozen, few):
    metrics = tuned.bundle_.metrics
    assert metrics["epochs"] == 4
    assert metrics["contrastive"] | {"seconds": 0} == {"rows": 54, "steps": 4 * 4, "seconds": 0}
    assert [set(row) for row in tuned.bundle_.history] == [{"epoch", "loss"}] * 4
    assert tuned.bundle_.history[-1]["loss"] < tuned.bundle_.history[0]["loss"]
    assert separation(tuned, *few) > separation(frozen, *few) + 0.05
    assert tuned.score(*few) > 0.9


def test_interrupted_training_ends_like_any_other_and_seed_decides(tuned, few, tmp_path):
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*few, {"callbacks": [Stop()], "folder": tmp_path}, epochs=4)
    resumed = train(*few, {"folder": tmp_path, "resume": True}, epochs=4)
    assert len(resumed.bundle_.history) == 4
    np.testing.assert_allclose(resumed.predict_proba(few[0]), tuned.predict_proba(few[0]), atol=1e-3)
    other = train(*few, epochs=4, seed=1)
    assert np.abs(other.predict_proba(few[0]) - tuned.predict_proba(few[0])).max() > 1e-3


def test_setting_chooses_the_way(few):
    by_epochs = train(*few, epochs=2, freeze=("encoder",), frozen_epochs=1).bundle_
    assert "contrastive" not in by_epochs.metrics and by_epochs.metrics["solved_head"]["cost"]
    assert by_epochs.history[0]["accuracy"] > 0.8  # the first epoch starts from the solved head
    assert "val_accuracy" in train(*few, epochs=1, contrastive="never").bundle_.history[0]


def test_few_texts_are_seen_in_more_epochs(few):
    few = [part[:20] for part in few]
    assert all(train(*few, contrastive=way, patience=16).bundle_.metrics["epochs"] == 16 for way in ("auto", "never"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (FROZEN, r"transfer\.contrastive always: the encoder is frozen"),
        ({**FROZEN, "frozen_epochs": 1}, r"always: layers are unfrozen after transfer\.frozen_epochs"),
    ],
)
def test_rejects_contrastive_training_where_it_is_impossible(settings, message, few):
    with pytest.raises(InputError, match=message):
        train(*few, contrastive="always", **settings)


def test_soft_labels_are_learned_by_epochs(few):
    classes = sorted(TOPICS.values())
    soft = np.array([[0.8 if name == label else 0.1 for name in classes] for label in few[1]], np.float32)
    unlabelled = [label if number % 4 else None for number, label in enumerate(few[1])]
    bundle = train(few[0], unlabelled, {"soft_labels": soft}, **FROZEN, epochs=1).bundle_
    assert bundle.metrics["epochs"] == 1 and "contrastive" not in bundle.metrics
    with pytest.raises(InputError, match="always: the soft labels of a teacher are learned by epochs"):
        train(*few, {"soft_labels": soft}, contrastive="always")


@pytest.mark.parametrize("settings", [{"epochs": 1}, FROZEN], ids=["contrastive", "frozen"])
def test_second_training_on_all_rows_is_of_the_same_kind(settings, few):
    bundle = train(*few, refit_rows=100, **settings, **{"linear_ngrams": (1,)}).bundle_
    assert bundle.metrics["refit"]["rows"] == 60 and bundle.metrics["refit"]["epochs"] == settings.get("epochs", 0)
    assert ("contrastive" in bundle.metrics) == ("epochs" in settings)
    assert bundle.model.get_layer("linear_ngrams")


def test_encoder_is_the_mean_of_both_contrastive_trainings(few):
    def encoder_weights(texts, labels, **options):
        options |= {"validation_data": held_out}
        bundle = train(texts, labels, options, epochs=2, deterministic=True).bundle_
        return bundle.built.sentence_encoder().trainable_variables

    learned, held_out = [part[:40] for part in few], [part[40:] for part in few]
    first, second = encoder_weights(*learned), encoder_weights(*few)
    for mean, one, other in zip(encoder_weights(*learned, refit=True), first, second, strict=True):
        np.testing.assert_allclose(mean, (np.asarray(one) + np.asarray(other)) / 2, atol=1e-5)


@pytest.mark.parametrize("settings", [{"epochs": 4}, FROZEN], ids=["contrastive", "frozen"])
def test_texts_have_several_labels(settings):
    topics = [[topic for bit, topic in enumerate(TOPICS) if number >> bit & 1] for number in range(ROWS)]
    texts, labels = write_texts(topics), [[TOPICS[topic] for topic in words] for words in topics]
    classifier = train(texts, labels, **settings)
    assert "solved_head" in classifier.bundle_.metrics
    assert classifier.evaluate(texts, labels)["micro_f1"] > 0.8


def test_documents_without_weight_are_not_learned(few):
    texts, labels = few
    wrong = [labels[(number + 1) % ROWS] for number in range(ROWS)]
    weights = np.repeat([1.0, 0.0], ROWS)
    doubled = train([*texts, *texts], [*labels, *wrong], {"sample_weight": weights}, **FROZEN)
    assert doubled.score(*few) > 0.8


def test_verbose_training_explains_what_it_does(few, capsys):
    train(*few, {"verbose": True}, epochs=1)
    assert "the encoder is trained contrastively on 54 rows" in capsys.readouterr().err
    train(*few, {"verbose": True}, **FROZEN)
    assert "the encoder is frozen: the head is solved on its vectors" in capsys.readouterr().err
