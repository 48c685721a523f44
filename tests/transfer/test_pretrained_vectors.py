"""Classifiers that start from vectors of pieces of words."""

from __future__ import annotations

import itertools
import shutil

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.config import TransferConfig, default_config
from kerascnn.data.ragged import RaggedIds
from kerascnn.encoders.piece_vectors import load_piece_vectors
from kerascnn.encoders.preset_sources import find_preset
from kerascnn.experiment import run_training
from kerascnn.layers import TfidfLinear
from kerascnn.linear.member import adapt_features
from kerascnn.text.config import TextConfig
from kerascnn.text.segmentation import load_words
from kerascnn.text.vocabulary import read_stop_words
from kerascnn.transfer.pretrained_vectors import check_vectors
from kerascnn.utils.errors import InputError
from tests.encoders.static_vectors import build_tokenizer, write_folder

PAIRS = ["".join(pair) for pair in itertools.product("abcdefghij", repeat=2)]
GOOD, BAD = [f"joy{pair}" for pair in PAIRS[:50]], [f"woe{pair}" for pair in PAIRS[:50]]
TOKENS = ["[PAD]", "[UNK]", "film", "Zebra", *GOOD, *BAD]
KNOWN, UNSEEN = slice(0, 40), slice(40, 50)
SMALL = {"model": "bow", "linear_characters": (), "linear_ngrams": (1,), "refit_rows": 0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write vectors whose first number is what a word thinks of a film."""
    rows = np.random.default_rng(0).normal(0, 0.1, (len(TOKENS), 6))
    rows[:, 0] = [2 * (token in GOOD) - 2 * (token in BAD) for token in TOKENS]
    rows[:, 1] += 1
    path = tmp_path_factory.mktemp("vectors")
    return str(write_folder(path, rows.astype(np.float32), tokenizer=build_tokenizer(TOKENS)))


def make_texts(words):
    """Return texts with one word each that no other one has, and their labels, in turns."""
    texts = [f"{word} film" for pair in zip(GOOD[words], BAD[words], strict=True) for word in pair]
    return texts, ["pos", "neg"] * (len(texts) // 2)


def linear_layers(classifier):
    return [layer.name for layer in classifier.model_.layers if isinstance(layer, TfidfLinear)]


@pytest.fixture(scope="module")
def classifier(folder):
    return TextClassifier(**SMALL | {"refit_rows": 2000}, vectors=folder).fit(*make_texts(KNOWN))


def test_solved_classifier_knows_words_that_no_training_text_has(classifier):
    assert linear_layers(classifier) == ["linear_ngrams", "linear_vectors"]
    assert {*GOOD, *BAD, "zebra"} <= set(classifier.bundle_.vectorizer.vocabulary)
    assert classifier.score(*make_texts(UNSEEN)) == 1
    metrics = classifier.bundle_.metrics
    assert metrics["linear_classifier"]["vectors"] and metrics["token_coverage"] == metrics["vocabulary_coverage"] == 1


def test_bundle_needs_no_vectors_and_explains_with_them(classifier, tmp_path):
    classifier.save(tmp_path / "bundle")
    restored, texts = load(tmp_path / "bundle"), make_texts(UNSEEN)[0]
    np.testing.assert_allclose(restored.predict_proba(texts), classifier.predict_proba(texts), atol=1e-6)
    assert "tf-idf of n-grams and word vectors" in (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    found = restored.explain(f"a film of {GOOD[-1]}", "pos")
    assert found.bias + sum(x.contribution for x in found.contributions) == pytest.approx(found.logit, abs=1e-4)
    assert max(found.contributions, key=lambda x: x.contribution).text == GOOD[-1]


def test_network_and_member_use_the_vectors(folder):
    fast = {"epochs": 1, "filters": 8, "max_length": 32, "ngrams": (), "linear_ngrams": (1,), "linear_characters": ()}
    fast |= {"vectors_stddev": 0.0, "freeze": ("embedding",), "refit_rows": 0}
    classifier = TextClassifier(**fast, vectors=folder).fit(*make_texts(KNOWN))
    bundle = classifier.bundle_
    assert bundle.config.network.embedding_dim == 6
    assert bundle.metrics["linear_member"]["vectors"] and "linear_vectors" in linear_layers(classifier)
    assert classifier.score(*make_texts(UNSEEN)) == 1
    number = bundle.vectorizer.vocabulary.index(GOOD[-1])
    assert bundle.model.get_layer("embedding").get_weights()[0][number, 0] == 2


def test_learned_bag_has_the_vectors_in_its_member_alone(folder):
    settings = {"extend_vocabulary": 0, "ngrams": (1,), "epochs": 1, "ngram_buckets": 256}
    bag = TextClassifier(**SMALL | settings, vectors=folder).fit(*make_texts(KNOWN))
    assert "zebra" not in bag.bundle_.vectorizer.vocabulary
    assert "linear_vectors" in linear_layers(bag) and bag.bundle_.metrics["token_coverage"] == 1


def test_member_leaves_the_vectors_out_if_it_should(folder):
    ids, vocabulary = RaggedIds(np.array([2, 3, 2]), np.array([0, 2, 3])), ["[PAD]", "[UNK]", "film", GOOD[0]]
    vectors = load_piece_vectors(folder).look_up(vocabulary)
    for value in (True, False):
        config = default_config().replace_values({"network": {"linear_vectors": value}}, "test")
        features = adapt_features(config, vocabulary, ids, 2, vectors)
        assert ("linear_vectors" in features.words) == value


def test_several_labels(folder):
    texts, labels = make_texts(KNOWN)
    sets = [[label] + ["odd"] * (i % 3 == 0) for i, label in enumerate(labels)]
    several = TextClassifier(**SMALL, vectors=folder).fit(texts, sets)
    found = several.predict(make_texts(UNSEEN)[0])
    assert np.mean([label in labels for labels, label in zip(found, make_texts(UNSEEN)[1], strict=True)]) == 1


def test_soft_labels_and_sample_weights(folder):
    texts, labels = make_texts(KNOWN)
    soft = np.where((np.arange(80) % 2 == 0)[:, None], [0.1, 0.9], [0.9, 0.1])
    validation = {"validation_data": make_texts(UNSEEN)}
    student = TextClassifier(**SMALL, vectors=folder).fit(texts, labels, soft_labels=soft, **validation)
    assert student.score(*make_texts(UNSEEN)) == 1
    wrong = np.arange(80) % 4 < 2
    names = ["neg" if (label == "pos") == bad else "pos" for label, bad in zip(labels, wrong, strict=True)]
    weighted = TextClassifier(**SMALL, vectors=folder)
    weighted.fit(texts, names, sample_weight=np.where(wrong, 0.0, 1.0), **validation)
    assert weighted.score(*make_texts(UNSEEN)) == 1


def test_missing_vectors_are_found_before_any_row_is_read(tmp_path):
    for vectors, message in (
        ("minishlab/potion", r"minishlab/potion: no such file of word vectors; .* or hf://OWNER/NAME"),
        (str(tmp_path), r"has no model\.safetensors and tokenizer\.json"),
    ):
        values = {"data": ["missing.csv"], "transfer": {"vectors": vectors}, "output": str(tmp_path / "run")}
        with pytest.raises(InputError, match=message):
            run_training(default_config("bow").replace_values(values, "test"), verbose=False)


def test_settings_exclude_each_other():
    with pytest.raises(InputError, match="both initialize the embedding"):
        TransferConfig(vectors="wordllama", init_from="bundle")
    with pytest.raises(InputError, match=r"zhang_char_cnn has no network\.embedding_dim"):
        default_config("zhang_char_cnn").replace_values({"transfer": {"vectors": "wordllama"}}, "test")


def test_only_a_file_of_words_is_a_dictionary(folder):
    files = [
        TransferConfig(vectors=vectors).word_list for vectors in ("wordllama", "hf://a/b", folder, "", "glove.txt")
    ]
    assert files == ["", "", "", "", "glove.txt"]


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800"])
def test_name_that_no_file_can_have_is_an_error(name):
    with pytest.raises(InputError, match="no such file of word vectors"):
        check_vectors(TransferConfig(vectors=name))
    with pytest.raises(InputError):
        load_words(TextConfig(split="dictionary", dictionary=name))
    with pytest.raises(InputError):
        read_stop_words(name, str.split)
    with pytest.raises(InputError):
        find_preset(name)


@pytest.mark.parametrize("damaged", ["model.safetensors", "tokenizer.json"])
def test_damaged_vectors_are_found_before_other_work(damaged, folder, tmp_path):
    copied = shutil.copytree(folder, tmp_path / "copy")
    (copied / damaged).write_bytes(b"damaged")
    with pytest.raises(InputError, match=f"{damaged}: not a"):
        check_vectors(TransferConfig(vectors=str(copied)))
    (tmp_path / "vectors.txt").write_bytes(b"no vectors")
    with pytest.raises(InputError, match="line 1: not word vectors"):
        check_vectors(TransferConfig(vectors=str(tmp_path / "vectors.txt")))
