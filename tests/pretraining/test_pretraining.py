"""What a network learns from text alone, and a training that starts from it."""

from __future__ import annotations

import dataclasses
import json

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, bundle, config, load
from kerascnn.config import MaskingConfig
from kerascnn.data.batches import RaggedIds
from kerascnn.pretraining import masking
from kerascnn.pretraining.pretrain import pretrain
from kerascnn.pretraining.pretrainer import Pretrainer
from kerascnn.utils.errors import InputError
from tests.conformance.descriptors import DESCRIPTORS, slow
from tests.pipelines.conftest import command

SMALL = ("--network.filters", "8", "--network.ngram-buckets", "512", "--text.max-length", "32")
EPOCHS = ("--epochs", "3", "--training.learning-rate", "0.02")


def run_of(model, **training):
    """A short pretraining run of a small network."""
    base = config.default_config(model)
    changes = {"network": DESCRIPTORS[model], "text": {"max_length": 32}, "training": {"monitor": "loss", **training}}
    return base.replace_values(changes, "test")


@pytest.fixture(scope="module")
def encoder(news_csv, tmp_path_factory):
    """An encoder that the command pretrained on the news, and what it printed."""
    folder = tmp_path_factory.mktemp("encoders") / "news"
    finished = command("pretrain", "--data", news_csv, "--output", folder, "--json", *SMALL, *EPOCHS)
    assert finished.status == 0, finished.err
    return folder, finished


def test_hidden_tokens_are_named_better_from_epoch_to_epoch(encoder):
    folder, finished = encoder
    metrics = json.loads(finished.out)
    assert metrics == json.loads((folder / "metrics.json").read_text())
    history = (folder / "history.csv").read_text().splitlines()
    columns = history[0].split(",")
    perplexities = [float(line.split(",")[columns.index("val_perplexity")]) for line in history[1:]]
    assert perplexities[0] > perplexities[-1]
    assert metrics["validation"]["perplexity"] == min(perplexities)
    assert f"perplexity {min(perplexities):.1f}" in finished.err


def test_a_training_starts_from_the_tables_and_layers_of_the_encoder(encoder, news_csv, tmp_path):
    folder, _ = encoder
    options = ("--init-from", folder, "--data", news_csv, "--output", tmp_path / "tuned", "--epochs", "1")
    finished = command("train", *options, "--transfer.freeze", "embedding", "encoder")
    assert finished.status == 0, finished.err
    assert "from it are" in finished.err and "new are logits" in finished.err
    tuned, origin = load(tmp_path / "tuned"), bundle.read_model(folder)
    assert tuned.bundle_.config.network.filters == 8, "the settings are those of the encoder"
    known = (folder / "vocabulary.txt").read_text().splitlines()
    assert tuned.bundle_.vectorizer.vocabulary[: len(known)] == known
    for layer in origin.layers:
        for ours, theirs in zip(
            tuned.bundle_.model.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True
        ):
            if "embedding" in layer.name:  # new tokens stand behind the known ones, what follows them behind these
                behind = len(theirs) - len(known)
                np.testing.assert_array_equal(ours[-behind:], theirs[-behind:])
                ours, theirs = ours[: len(known)], theirs[: len(known)]
            np.testing.assert_array_equal(ours, theirs)


def test_a_training_starts_from_a_classifier_of_other_labels(news, tmp_path):
    settings = {"filters": 8, "ngram_buckets": 512, "max_length": 32, "epochs": 1}
    TextClassifier(**settings).fit(*news).save(tmp_path / "topics")
    labels = ["early" if text.lower() < "m" else "late" for text in news[0]]
    tuned = TextClassifier(init_from=str(tmp_path / "topics"), epochs=1, freeze=("embedding",)).fit(news[0], labels)
    topics = load(tmp_path / "topics").bundle_
    known = len(topics.vectorizer.vocabulary)
    assert tuned.bundle_.vectorizer.vocabulary[:known] == topics.vectorizer.vocabulary
    table, expected = (model.get_layer("embedding").get_weights()[0] for model in (tuned.bundle_.model, topics.model))
    np.testing.assert_array_equal(table[:known], expected[:known])
    assert tuned.predict(news[0][:1])[0] in ("early", "late")


def test_what_cannot_be_started_from_is_refused_with_the_setting(encoder, news, tmp_path):
    folder, _ = encoder
    with pytest.raises(InputError, match=r"text\.standardize"):
        TextClassifier(init_from=str(folder), standardize=("html",)).fit(*news)
    with pytest.raises(InputError, match="no layer fits"):
        TextClassifier(init_from=str(folder), embedding_dim=5, filters=3, ngram_dim=3).fit(*news)
    with pytest.raises(InputError, match="leave one out"):
        TextClassifier(init_from=str(folder), vectors="glove.txt").fit(*news)
    with pytest.raises(InputError, match=r"config\.yaml: no such file"):
        TextClassifier(init_from=str(tmp_path)).fit(*news)
    with pytest.raises(InputError, match="no labels; train a classifier"):
        load(folder)


@pytest.mark.full
def test_an_interrupted_pretraining_ends_with_the_weights_of_an_undisturbed_one(news, tmp_path, monkeypatch):
    run = run_of("word_cnn", epochs=2)
    whole = pretrain(news[0], run, MaskingConfig(negative_samples=50))
    with monkeypatch.context() as patch:
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.finished", property(lambda self: self.epoch == 1))
        pretrain(news[0], run, MaskingConfig(negative_samples=50), folder=tmp_path)
    resumed = pretrain(news[0], run, MaskingConfig(negative_samples=50), folder=tmp_path, resume=True)
    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(InputError, match=r"masking\.rate"):
        pretrain(news[0], run, MaskingConfig(negative_samples=50, rate=0.3), folder=tmp_path, resume=True)


@pytest.mark.parametrize(
    "model", [pytest.param(name, marks=slow(name)) for name in ("char_cnn", "dpcnn", "rnn", "transformer")]
)
def test_other_models_learn_to_name_tokens_too(model, news):
    run = run_of(model, epochs=2, learning_rate=0.01)
    history = pretrain(news[0][:100], run, MaskingConfig()).history
    assert history[1]["loss"] < history[0]["loss"]
    assert history[1]["val_perplexity"] < history[0]["val_perplexity"]


@pytest.mark.full
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_tokens_are_named_in_half_precision_too(precision, news):
    pretrained = pretrain(
        news[0][:100], run_of("word_cnn", epochs=2, learning_rate=0.01, dtype_policy=precision), MaskingConfig()
    )
    assert pretrained.model.get_layer("convolution_1").compute_dtype == precision.removeprefix("mixed_")
    assert pretrained.history[1]["val_loss"] < pretrained.history[0]["val_loss"] - 0.01


@pytest.mark.full
def test_no_number_of_epochs_means_enough_of_them_as_in_training(news):
    run = run_of("word_cnn", epochs=0, batch_size=1)
    assert len(pretrain(news[0][:250], run, MaskingConfig()).history) == 4, "225 documents, 800 updates"


def test_a_model_without_states_is_refused_by_name(news):
    with pytest.raises(InputError, match="bow cannot be pretrained"):
        pretrain(news[0], run_of("bow"), MaskingConfig())


def test_the_state_of_a_token_is_that_of_its_place_whatever_the_network_halves():
    """Hiding is told apart by place: what changes far from a place does not change what is known there."""
    network = config.default_config("char_cnn").network
    network = dataclasses.replace(network, **{**DESCRIPTORS["char_cnn"], "blocks": 3, "pool_size": 2})
    model = network.build(vocabulary_size=50, num_classes=2)
    trainer = Pretrainer(model, states=network.sequence_layers, probabilities=np.full(50, 0.02), negative_samples=0)
    outputs = trainer.network(np.arange(2, 42, dtype=np.int32)[None])
    assert trainer.start == 1 and trainer.strides == [1, 2, 4]
    for states, stride in zip(outputs["states"], trainer.strides, strict=True):
        assert states.shape[1] == -(-41 // stride)


def test_the_hidden_tokens_are_known_ones_in_their_proportions():
    ids = np.tile(np.arange(40, dtype=np.int32), (500, 1))
    (hidden, places, _), answers = masking.mask_tokens(ids, 0.15, 40, np.random.default_rng(0))
    assert (answers == ids[places[:, 0], places[:, 1]]).all() and answers.min() == 2
    assert len(answers) / (500 * 38) == pytest.approx(0.15, abs=0.01)
    now = hidden[places[:, 0], places[:, 1]]
    assert (now == masking.UNKNOWN).mean() == pytest.approx(0.8, abs=0.02)
    assert (now == answers).mean() == pytest.approx(0.1, abs=0.02)
    elsewhere = np.ones_like(ids, bool)
    elsewhere[places[:, 0], places[:, 1]] = False
    np.testing.assert_array_equal(hidden[elsewhere], ids[elsewhere])


def test_the_sampled_loss_with_every_token_drawn_is_that_of_the_whole_vocabulary():
    keras.utils.set_random_seed(0)
    network = config.default_config("word_cnn").network
    network = dataclasses.replace(network, **DESCRIPTORS["word_cnn"])
    size = 30
    ids = RaggedIds(np.random.default_rng(0).integers(2, size, 400).astype(np.int32), np.arange(0, 401, 20))
    trainer = Pretrainer(
        network.build(vocabulary_size=size, num_classes=2), states=network.sequence_layers,
        probabilities=masking.negative_sampling_probabilities(ids, size), negative_samples=10_000,
    )  # fmt: skip
    (hidden, places, _), answers = masking.mask_tokens(
        ids.to_padded(np.arange(20)), 0.3, size, np.random.default_rng(1)
    )
    known = trainer((hidden, places))[0]
    sampled = trainer._sampled_loss(known, answers, np.arange(2, size, dtype=np.int32))
    np.testing.assert_allclose(sampled, trainer._full_loss(known, answers)[0], atol=1e-4)
