"""Masked token prediction, and training that starts from a pretrained encoder."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, bundle, config, load
from kerascnn.data.ragged import RaggedIds
from kerascnn.pretraining import masking
from kerascnn.pretraining.config import MaskingConfig
from kerascnn.pretraining.pretrain import build_pretrainer, pretrain
from kerascnn.pretraining.pretrainer import expected_counts
from kerascnn.utils.errors import InputError
from tests.conformance.descriptors import DESCRIPTORS, full_if_slow
from tests.pipelines.conftest import command

SMALL = ("--network.filters", "8", "--network.ngram-buckets", "512", "--text.max-length", "32")
EPOCHS = ("--epochs", "3", "--training.learning-rate", "0.02")


def make_config(model, **training):
    """Return the settings of a short pretraining of a small network."""
    base = config.default_config(model)
    changes = {"network": DESCRIPTORS[model], "text": {"max_length": 32}, "training": {"monitor": "loss", **training}}
    return base.replace_values(changes, "test")


@pytest.fixture(scope="module")
def encoder(news_csv, tmp_path_factory):
    """Pretrain an encoder on the news with the command; return its folder and the finished command."""
    folder = tmp_path_factory.mktemp("encoders") / "news"
    finished = command("pretrain", "--data", news_csv, "--output", folder, "--json", *SMALL, *EPOCHS)
    assert finished.status == 0, finished.err
    return folder, finished


def test_perplexity_falls(encoder):
    folder, finished = encoder
    metrics = json.loads(finished.out)
    assert metrics == json.loads((folder / "metrics.json").read_text())
    history = (folder / "history.csv").read_text().splitlines()
    columns = history[0].split(",")
    perplexities = [float(line.split(",")[columns.index("val_perplexity")]) for line in history[1:]]
    assert perplexities[0] > perplexities[-1]
    assert metrics["validation"]["perplexity"] == min(perplexities)
    assert f"perplexity {min(perplexities):.1f}" in finished.err


def test_training_starts_from_weights_of_encoder(encoder, news_csv, tmp_path):
    folder, _ = encoder
    options = ("--init-from", folder, "--data", news_csv, "--output", tmp_path / "tuned", "--epochs", "1")
    finished = command("train", *options, "--transfer.freeze", "embedding", "encoder")
    assert finished.status == 0, finished.err
    assert "copied the weights of" in finished.err and "new weights in logits" in finished.err
    tuned, origin = load(tmp_path / "tuned"), bundle.load_model(folder)
    assert tuned.bundle_.config.network.filters == 8, "the settings come from the encoder"
    known = (folder / "vocabulary.txt").read_text().splitlines()
    assert tuned.bundle_.vectorizer.vocabulary[: len(known)] == known
    for layer in origin.layers:
        for ours, theirs in zip(
            tuned.bundle_.model.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True
        ):
            if "embedding" in layer.name:  # new tokens follow the known tokens; other rows follow all tokens
                rest = len(theirs) - len(known)
                np.testing.assert_array_equal(ours[-rest:], theirs[-rest:])
                ours, theirs = ours[: len(known)], theirs[: len(known)]
            np.testing.assert_array_equal(ours, theirs)


def test_training_starts_from_classifier_with_other_labels(news, tmp_path):
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


def test_rejects_unsuitable_bundle_with_setting(encoder, news, tmp_path):
    folder, _ = encoder
    with pytest.raises(InputError, match=r"text\.standardize"):
        TextClassifier(init_from=str(folder), standardize=("html",)).fit(*news)
    with pytest.raises(InputError, match="no layer has the same size"):
        TextClassifier(init_from=str(folder), embedding_dim=5, filters=3, ngram_dim=3).fit(*news)
    with pytest.raises(InputError, match="use only one of them"):
        TextClassifier(init_from=str(folder), vectors="glove.txt").fit(*news)
    with pytest.raises(InputError, match=r"init_from .*not a bundle"):
        TextClassifier(init_from=str(tmp_path)).fit(*news)
    with pytest.raises(InputError, match="no labels; train a classifier"):
        load(folder)


@pytest.mark.full
def test_resumed_pretraining_ends_with_same_weights(news, tmp_path, monkeypatch):
    run = make_config("word_cnn", epochs=2)
    whole = pretrain(news[0], run, MaskingConfig(negative_samples=50))
    with monkeypatch.context() as patch:
        patch.setattr("kerascnn.training.checkpoint.Checkpoint.is_finished", property(lambda self: self.epoch == 1))
        pretrain(news[0], run, MaskingConfig(negative_samples=50), folder=tmp_path)
    resumed = pretrain(news[0], run, MaskingConfig(negative_samples=50), folder=tmp_path, resume=True)
    for ours, theirs in zip(resumed.model.get_weights(), whole.model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(InputError, match=r"masking\.rate"):
        pretrain(news[0], run, MaskingConfig(negative_samples=50, rate=0.3), folder=tmp_path, resume=True)


@pytest.mark.parametrize(
    "model", [pytest.param(name, marks=full_if_slow(name)) for name in ("char_cnn", "dpcnn", "rnn", "transformer")]
)
def test_pretrains_other_models(model, news):
    run = make_config(model, epochs=2, learning_rate=0.01, batch_size=64)
    history = pretrain(news[0][:100], run, MaskingConfig()).history
    assert history[1]["loss"] < history[0]["loss"]
    assert history[1]["val_perplexity"] < history[0]["val_perplexity"]


@pytest.mark.full
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_pretrains_in_half_precision(precision, news):
    pretrained = pretrain(
        news[0][:100], make_config("word_cnn", epochs=2, learning_rate=0.01, dtype_policy=precision), MaskingConfig()
    )
    assert pretrained.model.get_layer("convolutions").compute_dtype == precision.removeprefix("mixed_")
    assert pretrained.history[1]["val_loss"] < pretrained.history[0]["val_loss"] - 0.01


@pytest.mark.full
def test_default_epochs_are_those_of_training(news):
    run = make_config("word_cnn", epochs=0, batch_size=1)
    assert len(pretrain(news[0][:250], run, MaskingConfig()).history) == 4, "225 documents, 800 updates"


def test_rejects_model_without_sequence_layers(news):
    with pytest.raises(InputError, match="bow cannot be pretrained"):
        pretrain(news[0], make_config("bow"), MaskingConfig())


def make_pretrainer(model, vocabulary_size, probabilities, **network):
    """Return the trainer of a small network that compares with the whole vocabulary."""
    values = config.default_config(model)
    values = values.replace_values({"network": DESCRIPTORS[model] | network}, "test")
    built = values.network.build(vocabulary_size=vocabulary_size, num_classes=2, return_sequences=True)
    return build_pretrainer(built, MaskingConfig(negative_samples=10_000), probabilities)


def random_ids(vocabulary_size):
    """Return 20 documents of 20 tokens."""
    values = np.random.default_rng(0).integers(2, vocabulary_size, 400).astype(np.int32)
    return RaggedIds(values, np.arange(0, 401, 20))


def test_sequence_outputs_are_aligned_with_tokens():
    trainer = make_pretrainer("char_cnn", 50, np.full(50, 0.02), blocks=3, pool_size=2)
    outputs = trainer.network(np.arange(2, 42, dtype=np.int32)[None])
    assert trainer.prefix_length == 1 and trainer.strides == [1, 2, 4]
    for output, stride in zip(outputs["sequence"], trainer.strides, strict=True):
        assert output.shape[1] == -(-41 // stride)


def test_mask_tokens_replaces_in_documented_proportions():
    ids = np.tile(np.arange(40, dtype=np.int32), (500, 1))
    (masked_ids, mask_positions, _), targets = masking.mask_tokens(ids, 0.15, 40, np.random.default_rng(0))
    rows, positions = mask_positions.T
    assert (targets == ids[rows, positions]).all() and targets.min() == 2
    assert len(targets) / (500 * 38) == pytest.approx(0.15, abs=0.01)
    replaced = masked_ids[rows, positions]
    assert (replaced == masking.UNKNOWN).mean() == pytest.approx(0.8, abs=0.02)
    assert (replaced == targets).mean() == pytest.approx(0.1, abs=0.02)
    is_unmasked = np.ones_like(ids, bool)
    is_unmasked[rows, positions] = False
    np.testing.assert_array_equal(masked_ids[is_unmasked], ids[is_unmasked])


def test_sampled_loss_of_all_tokens_is_full_loss():
    keras.utils.set_random_seed(0)
    size = 30
    ids = random_ids(size)
    probabilities = masking.negative_sampling_probabilities(ids, size)
    trainer = make_pretrainer("word_cnn", size, probabilities)
    trainer.expected_counts = expected_counts(probabilities, 10_000)
    generator = np.random.default_rng(1)
    (masked_ids, mask_positions, _), targets = masking.mask_tokens(ids.to_padded(np.arange(20)), 0.3, size, generator)
    vectors = trainer((masked_ids, mask_positions))[0]
    sampled = trainer._sampled_loss(vectors, targets, np.arange(2, size, dtype=np.int32))
    np.testing.assert_allclose(sampled, trainer._full_loss(vectors, targets)[0], atol=1e-4)


def test_trains_with_keras_fit():
    keras.utils.set_random_seed(0)
    ids, settings, size = random_ids(30), MaskingConfig(negative_samples=10), 30
    trainer = make_pretrainer("word_cnn", size, masking.negative_sampling_probabilities(ids, size))
    trainer.compile(optimizer="adam")
    batches = masking.masked_batches(ids, settings, np.full(size, 1 / size), 10, seed=0, first_epoch=0)
    history = trainer.fit(
        batches, steps_per_epoch=2, epochs=4, validation_data=masking.held_out_batches(ids, settings, size, seed=0),
        shuffle=False, verbose=0,
    ).history  # fmt: skip
    assert sorted(history) == ["loss", "val_accuracy", "val_loss", "val_perplexity"]
    assert history["val_loss"][-1] < history["val_loss"][0]
    np.testing.assert_allclose(history["val_perplexity"], np.exp(history["val_loss"]), rtol=1e-5)
