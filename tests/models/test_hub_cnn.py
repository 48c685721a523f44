"""``hub_cnn`` with tiny encoders that the tests create: guarantees of every model and of pretrained encoders."""

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, models
from kerascnn import config as configuration
from kerascnn.audit.corpus_tokenizer import CorpusTokenizer
from kerascnn.edge import EdgeClassifier
from kerascnn.encoders import hub_presets
from kerascnn.export import mediapipe, saved_model, tflite, web
from kerascnn.golden import PROBES
from kerascnn.tasks import SINGLE_LABEL
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.training.losses import SparseCrossentropy
from kerascnn.training.trainer import Trainer
from kerascnn.transfer import layer_groups
from kerascnn.utils.errors import InputError

keras_hub = pytest.importorskip("keras_hub")
pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs the TensorFlow backend")

FAMILIES = ("Bert", "DistilBert", "Electra")
every_family = pytest.mark.parametrize("family", FAMILIES)
MAX_SEQUENCE_LENGTH, CLASSES = 64, 3
SPECIAL = ["[PAD]", "[unused0]", "[unused1]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# Here, unusual spaces and invisible characters separate words; in keras-hub not all of them do.
PLAIN_PROBES = [text for text in PROBES if not re.search("[\u2028\u3000\ufeff]", text)]


@pytest.fixture(scope="module")
def vocabulary(news):
    """Return special tokens at the ids of BERT, letters, frequent words, suffixes, Han characters, punctuation."""
    words = re.findall("[a-zA-Z]+", " ".join(news[0]))
    frequent = [word for word, _ in Counter(words).most_common(200)]
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    ends = [f"##{end}" for end in ("ing", "ed", "s", "ly", "er", "tion", *letters)]
    return list(dict.fromkeys([*SPECIAL, *letters, *frequent, *map(str.lower, frequent), *ends, *"这部电影很好.,!?;'"]))


@pytest.fixture(scope="module")
def folders(vocabulary, tmp_path_factory):
    """Save a preset of each family with random weights; only the tokenizer of ELECTRA is case-sensitive."""
    place = tmp_path_factory.mktemp("presets")
    for family in FAMILIES:
        size = "vocab_size" if family == "Electra" else "vocabulary_size"
        sizes = {size: len(vocabulary) + 3, "num_layers": 1, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 24}
        sizes |= {"embedding_dim": 8} if family == "Electra" else {}
        keras.utils.set_random_seed(3)
        backbone = getattr(keras_hub.models, f"{family}Backbone")(max_sequence_length=MAX_SEQUENCE_LENGTH, **sizes)
        for weight in backbone.weights:
            weight.assign(keras.random.normal(weight.shape, stddev=0.3))
        backbone.save_to_preset(str(place / family))
        tokenizer = getattr(keras_hub.tokenizers, f"{family}Tokenizer")
        tokenizer(vocabulary=vocabulary, lowercase=family != "Electra").save_to_preset(str(place / family))
    return {family: str(place / family) for family in FAMILIES}


def make_config(preset, **settings):
    return models.get("hub_cnn")(preset=preset, filters=8, **settings)


def build(preset, **settings):
    keras.utils.set_random_seed(1)
    return make_config(preset, **settings).build(vocabulary_size=0, num_classes=CLASSES)


def make_vectorizer(pretrained):
    return Vectorizer(pretrained.settings, pretrained.tokens)


@pytest.fixture(scope="module")
def built(folders):
    """Build a model with pooling="both" and a vectorizer for each family."""
    settings = TextConfig(split="wordpiece", standardize=(), max_length=MAX_SEQUENCE_LENGTH - 2)
    return {
        family: (
            build(folder, pooling="both", fine_tune=True).model,
            make_vectorizer(make_config(folder).pretrained_vocabulary(settings)),
        )
        for family, folder in folders.items()
    }


def make_documents(*lengths):
    rng = np.random.default_rng(2)
    width = max(1, *lengths)
    return np.array([[*rng.integers(1, 50, n), *[0] * (width - n)] for n in lengths], "int32")


@pytest.mark.parametrize("family", ["Bert", "Electra"])
def test_text_has_the_ids_of_the_preset(family, folders, built):
    vectorizer, rows = built[family][1], hub_presets.read_preset_vocabulary(Path(folders[family])).rows
    expected = keras_hub.tokenizers.Tokenizer.from_preset(folders[family])(PLAIN_PROBES)
    values, splits = vectorizer.encode(PLAIN_PROBES)
    for text, ids, start, stop in zip(PLAIN_PROBES, expected, splits[:-1], splits[1:], strict=True):
        assert [rows[number] for number in values[start:stop]] == ids[: MAX_SEQUENCE_LENGTH - 2], text


@pytest.mark.parametrize("family", ["Bert", "Electra"])
def test_python_and_graph_split_words_equally(family, built):
    texts, vectorizer = [*PROBES, "a" * 100, "a" * 101, "好" * 34], built[family][1]
    values, splits = vectorizer.encode(texts)
    for text, start, stop in zip(texts, splits[:-1], splits[1:], strict=True):
        assert vectorizer.encode_text(text) == values[start:stop].tolist(), text


def test_audit_counts_tokens_of_the_preset(folders, news):
    settings = {"network": {"preset": folders["Bert"]}, "text": {"max_length": MAX_SEQUENCE_LENGTH - 2}}
    config = configuration.default_config("hub_cnn").replace_values(settings, "test")
    vectorizer = make_vectorizer(config.network.pretrained_vocabulary(config.text))
    tokenizer = CorpusTokenizer(config, news[0][:30])
    tokens = [vectorizer.tokenize_text(text) for text in news[0][:30]]
    assert np.minimum(tokenizer.train.lengths, MAX_SEQUENCE_LENGTH - 2).tolist() == list(map(len, tokens))
    assert tokenizer.is_in_vocabulary().sum() == len(tokenizer.numbers) - ("[UNK]" in tokenizer.numbers)


@every_family
def test_encoder_returns_vectors_of_the_preset(family, folders, built):
    text = "The striker scored twice, 这部电影 quickly!"
    model, vectorizer = built[family]
    found = keras.Model(model.input, model.get_layer("encoder").output)(np.array([vectorizer.encode_text(text)]))
    tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(folders[family])
    ids = np.array([[tokenizer.cls_token_id, *tokenizer([text])[0], tokenizer.sep_token_id]])
    backbone = keras_hub.models.Backbone.from_preset(folders[family])
    given = {"token_ids": ids, "padding_mask": np.ones_like(ids), "segment_ids": np.zeros_like(ids)}
    expected = backbone({name: given[name] for name in backbone.input})
    expected = expected["sequence_output"] if isinstance(expected, dict) else expected
    np.testing.assert_allclose(found, expected, atol=1e-5)


@every_family
def test_logits_do_not_depend_on_padding(family, built):
    model, ids = built[family][0], make_documents(9, 8, 5, 2, 1, 0)
    narrow = np.asarray(model(ids))
    assert np.isfinite(narrow).all()
    for padding in (1, 30, MAX_SEQUENCE_LENGTH):
        np.testing.assert_allclose(model(np.pad(ids, [(0, 0), (0, padding)])), narrow, rtol=0, atol=1e-5)


def test_parameter_count_is_that_of_a_head_over_384_channels():
    convolutions = sum((size * 384 + 1) * 128 for size in (1, 2, 3))
    assert models.get("hub_cnn").parameter_count == convolutions + (3 * 128 + 1) * 2
    layer = 4 * (384 + 1) * 384 + (384 + 1) * 1536 + (1536 + 1) * 384 + 4 * 384
    encoder = (30_522 + 512 + 2 + 2) * 384 + 6 * layer
    assert models.get("sentence_transformer").parameter_count == encoder + (384 + 1) * 2


def test_logits_are_float32_under_mixed_precision(folders):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build(folders["Bert"]).model
    finally:
        keras.config.set_dtype_policy(before)
    logits = model(make_documents(9, 1, 0))
    assert model.get_layer("encoder").output.dtype == "bfloat16"
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.isfinite(logits).all()


def encoder_weights(model):
    return [np.asarray(weight) for weight in model.get_layer("encoder").weights]


def train_classifier(news, **settings):
    """Train a classifier on 48 texts of one length, because each other length is traced again."""
    texts, labels = news[0][::6][:48], [label == news[1][0] for label in news[1][::6][:48]]
    small = {"filters": 16, "max_length": 8, "batch_size": 16, "label_smoothing": 0.0, "epochs": 1}
    classifier = TextClassifier(**{"model": "hub_cnn"} | small | settings)
    return classifier.fit(texts, labels, validation_data=(texts, labels))


@pytest.fixture(scope="module")
def frozen(folders, news):
    return train_classifier(news, preset=folders["Bert"])


def test_frozen_encoder_has_no_updates_and_no_dropout(folders, frozen):
    pairs = zip(encoder_weights(build(folders["Bert"]).model), encoder_weights(frozen.bundle_.model), strict=True)
    assert all(np.array_equal(before, after) for before, after in pairs)
    encoder, ids = frozen.bundle_.model.get_layer("encoder"), make_documents(9, 5)
    np.testing.assert_array_equal(encoder(ids, training=True), encoder(ids, training=False))


def test_convolutions_belong_to_the_head(folders):
    built = build(folders["Bert"], fine_tune=True)
    model = built.model
    before = encoder_weights(model)
    for frozen, learned in ((["encoder", "embedding"], 8), ([], 8 + len(before))):
        model.get_layer("encoder").trainable = True
        layer_groups.freeze_groups(built, frozen)
        trainer = Trainer(model, loss=SparseCrossentropy())
        trainer.compile(keras.optimizers.SGD(0.1))
        assert len(model.trainable_weights) == learned, (
            "three convolutions, the output layer, and the encoder unless it is frozen"
        )
        trainer.train_step((make_documents(9, 5, 3), np.arange(CLASSES), np.full(3, 1 / 3, np.float32)))
        pairs = zip(before, encoder_weights(model), strict=True)
        assert all(np.array_equal(old, new) for old, new in pairs) == bool(frozen)


def test_bundle_loads_without_the_preset(frozen, folders, tmp_path):
    folder, preset, expected = tmp_path / "bundle", folders["Bert"], frozen.predict_proba(PROBES)
    frozen.save(folder)
    shutil.move(preset, tmp_path / "elsewhere")
    try:
        script = (
            "import json, sys, kerascnn; from kerascnn.golden import PROBES\n"
            "print(json.dumps(kerascnn.load(sys.argv[1]).predict_proba(PROBES).tolist()))"
        )
        finished = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        np.testing.assert_allclose(json.loads(finished.stdout.splitlines()[-1]), expected, atol=1e-6)
    finally:
        shutil.move(tmp_path / "elsewhere", preset)


def test_contributions_add_up_to_the_logit(frozen, news):
    for text in (news[0][0], "手机 unaffable", ""):
        found = frozen.explain(text)
        assert found.method == "filters"
        assert found.bias + sum(x.contribution for x in found.contributions) == pytest.approx(found.logit, abs=1e-4)
        assert all(text[x.start : x.end] == x.text for x in found.contributions if x.start is not None)
        assert {x.text for x in found.contributions if x.start is None} <= {"[START]", "[END]"}


@pytest.mark.full
def test_exports_return_the_same_probabilities(frozen, tmp_path):
    expected = frozen.predict_proba(PROBES)
    predict = saved_model.load_predict_fn(saved_model.export(frozen.bundle_, tmp_path))
    np.testing.assert_allclose(predict(PROBES), expected, atol=1e-5)
    edge = EdgeClassifier(tflite.export(frozen.bundle_, tmp_path, quantize=["none"]))
    np.testing.assert_allclose(edge.predict_proba(PROBES), expected, atol=1e-4)


def test_rejects_formats_that_cannot_split_words(built, tmp_path):
    bundle = SimpleNamespace(vectorizer=built["Bert"][1], task=SINGLE_LABEL)
    for module in (mediapipe, web):
        with pytest.raises(InputError, match=r"text\.split wordpiece.*--format tflite"):
            module.export(bundle, tmp_path, quantize=["none"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": ""}, r"no pretrained encoder; give preset minilm, a folder"),
        ({"preset": "nowhere"}, r"nowhere: no such folder or preset; give preset minilm"),
        ({"split": "unicode"}, r"needs WordPiece tokens; leave out text\.level and text\.split"),
        ({"max_length": 63}, r"text\.max_length 63: .*Bert accepts at most 62 tokens; give max_length 62"),
        ({"stop_words": "stop.txt"}, r"text\.stop_words: a pretrained encoder needs every word"),
        ({"model": "word_cnn", "preset": None, "filters": None, "split": "wordpiece"}, "split wordpiece .*hub_cnn"),
    ],
    ids=str,
)
def test_rejects_contradictory_settings(settings, message, folders, news):
    with pytest.raises(InputError, match=message):
        train_classifier(news, **{"preset": folders["Bert"]} | settings)


def test_rejects_unusable_preset(folders, tmp_path, monkeypatch):
    broken = tmp_path / "broken"
    shutil.copytree(folders["Bert"], broken)
    described = json.loads((broken / "tokenizer.json").read_text())
    described["config"]["strip_accents"] = True
    (broken / "tokenizer.json").write_text(json.dumps(described))
    with pytest.raises(InputError, match="strip_accents True; supported is False alone"):
        build(str(broken))
    (broken / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"broken: keras-hub cannot read it \(.*tokenizer"):
        build(str(broken))
    (broken / "config.json").write_text('{"class_name": "GemmaBackbone", "config": {}}')
    with pytest.raises(InputError, match="of the kind GemmaBackbone; supported are BertBackbone, DistilBert"):
        build(str(broken))
    (broken / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(InputError, match=r"of the kind t5; supported are .* bert, distilbert"):
        build(str(broken))
    wrong = '{"architectures": ["BertModel"]}', '{"model_type": "bert", "max_position_embeddings": 1e999}', "[" * 10**5
    for text in wrong:
        (broken / "config.json").write_text(text)
        with pytest.raises(InputError, match="does not describe an encoder"):
            build(str(broken))
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(InputError, match=r'keras_hub cannot be imported .*pip install "kerascnn\[hub\]"'):
        build(folders["Bert"])
