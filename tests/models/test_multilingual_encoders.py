"""``hub_cnn`` and ``sentence_transformer`` over encoders with the tokenizer of XLM-R, which reads SentencePieces."""

import itertools
import json
import shutil
from pathlib import Path

import keras
import keras_hub
import numpy as np
import pytest

from kerascnn import TextClassifier, models
from kerascnn.edge import EdgeClassifier
from kerascnn.encoders import hub_presets
from kerascnn.export import onnx, saved_model, tflite, web
from kerascnn.golden import PROBES
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_multilingual_preset import TOKENIZER_CLASSES, write_multilingual_preset
from tests.encoders.tiny_preset import LENGTH, tiny_preset
from tests.export.conftest import node_modules, open_page  # noqa: F401
from tests.export.pages import with_modules
from tests.text.test_sentencepiece import HARD_TEXTS, without_replaced_characters

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="needs the TensorFlow backend")

FORMATS = ("xlm-roberta", "bert", "keras-hub")
every_format = pytest.mark.parametrize("name", FORMATS)
TEXTS = without_replaced_characters([*HARD_TEXTS, *PROBES])


@pytest.fixture(scope="module")
def folders(sentencepiece_model, tmp_path_factory):
    """Write XLM-R and a BERT with its tokenizer in the format of Hugging Face, and XLM-R in that of keras-hub."""
    place, pieces = tmp_path_factory.mktemp("presets"), sentencepiece_model.serialize()
    count = 1 + len(sentencepiece_model.pieces)
    written = {kind: write_multilingual_preset(place / kind, kind, pieces, count) for kind in TOKENIZER_CLASSES}
    written["keras-hub"] = str(place / "keras-hub")
    for kind in (keras_hub.models.Backbone, keras_hub.tokenizers.Tokenizer):
        kind.from_preset(written["xlm-roberta"]).save_to_preset(written["keras-hub"])
    return written


def make_vectorizer(preset, **settings):
    config = models.get("hub_cnn")(preset=preset)
    pretrained = config.pretrained_vocabulary(TextConfig(**{"split": "wordpiece", "max_length": LENGTH - 2} | settings))
    return Vectorizer(pretrained.settings, pretrained.tokens, sentencepiece=pretrained.sentencepiece)


def read_vocabulary(folder):
    return hub_presets.read_preset_vocabulary(Path(folder))


@every_format
def test_text_has_the_ids_of_keras_hub(name, folders):
    vectorizer, rows = make_vectorizer(folders[name], standardize=()), read_vocabulary(folders[name]).rows
    assert vectorizer.settings.split == "sentencepiece"
    expected = keras_hub.tokenizers.Tokenizer.from_preset(folders[name])(TEXTS)
    for text, ids in zip(TEXTS, expected, strict=True):
        assert [rows[number] for number in vectorizer.encode_text(text)] == list(ids)[: LENGTH - 2], repr(text)
    values, splits = vectorizer.encode(TEXTS)
    in_graph = [values[start:stop].tolist() for start, stop in itertools.pairwise(splits)]
    assert in_graph == [vectorizer.encode_text(text) for text in TEXTS]


@every_format
def test_encoder_returns_vectors_of_keras_hub(name, folders):
    texts = ["The striker scored twice, 这部电影 quickly!", "", "ᚠᚡ a", "the " * LENGTH]
    vectorizer = make_vectorizer(folders[name], standardize=())
    model = models.get("hub_cnn")(preset=folders[name]).build(vocabulary_size=0, num_classes=2).model
    ids = np.asarray(vectorizer(texts))
    found = keras.Model(model.input, model.get_layer("encoder").output)(ids)
    tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(folders[name])
    kind = "Bert" if name == "bert" else "XLMRoberta"
    preprocess = getattr(keras_hub.models, f"{kind}TextClassifierPreprocessor")(tokenizer, sequence_length=LENGTH)
    given = preprocess(texts)
    expected = keras_hub.models.Backbone.from_preset(folders[name])(given)
    expected = expected["sequence_output"] if isinstance(expected, dict) else expected
    mask = np.asarray(given["padding_mask"]).astype(bool)
    assert found.shape[1] == LENGTH
    np.testing.assert_allclose(np.asarray(found)[mask], np.asarray(expected)[mask], atol=1e-5)


@pytest.mark.parametrize("name", [*FORMATS, "wordpieces"])
def test_prompt_is_read_before_every_text(name, folders):
    preset, prompt = folders.get(name, tiny_preset()), "the said: "
    texts, vectorizer = ["The striker scored twice!", "", "of the"], make_vectorizer(preset)
    plain, prompted = (
        keras.Model(model.input, model.get_layer("encoder").output)
        for model in (
            models.get("hub_cnn")(preset=preset, **settings).build(vocabulary_size=0, num_classes=2).model
            for settings in ({}, {"prompt": prompt})
        )
    )
    ids = [np.asarray(vectorizer([prefix + text for text in texts])) for prefix in ("", prompt)]
    lengths = 2 + np.count_nonzero(ids[1], axis=1)
    for found, expected, length in zip(np.asarray(prompted(ids[0])), np.asarray(plain(ids[1])), lengths, strict=True):
        np.testing.assert_allclose(found[:length], expected[:length], atol=1e-5)
    assert lengths.min() > 4


def test_prompt_takes_from_the_tokens_of_a_text(folders):
    config = models.get("hub_cnn")(preset=folders["bert"], prompt="the")
    count = len(make_vectorizer(folders["bert"]).encode_text("the"))
    settings = TextConfig(split="wordpiece", max_length=LENGTH - 2 - count)
    assert config.pretrained_vocabulary(settings).settings.max_length == LENGTH - 2 - count
    with pytest.raises(InputError, match=rf"accepts at most {LENGTH - 2 - count} tokens after the prompt"):
        config.pretrained_vocabulary(TextConfig(split="wordpiece", max_length=LENGTH - 2))
    long = models.get("hub_cnn")(preset=folders["bert"], prompt="the " * LENGTH)
    with pytest.raises(InputError, match=r"network\.prompt: has as many tokens as the encoder"):
        long.pretrained_vocabulary(settings)


@pytest.fixture(scope="module")
def classifier(folders, news):
    texts, labels = news[0][::4], [label == news[1][0] for label in news[1][::4]]
    settings = {"filters": 16, "max_length": 16, "epochs": 1, "refit_rows": 0, "preset": folders["keras-hub"]}
    return TextClassifier(model="hub_cnn", **settings).fit(texts, labels, validation_data=(texts, labels))


def test_saved_classifier_needs_no_preset_and_predicts_the_same(classifier, folders, tmp_path):
    expected, preset = classifier.predict_proba(TEXTS), folders["keras-hub"]
    classifier.save(tmp_path / "bundle")
    shutil.move(preset, tmp_path / "elsewhere")
    try:
        loaded = TextClassifier.load(tmp_path / "bundle")
        assert loaded.bundle_.config.text.split == "sentencepiece"
        np.testing.assert_allclose(loaded.predict_proba(TEXTS), expected, atol=1e-6)
    finally:
        shutil.move(tmp_path / "elsewhere", preset)


@pytest.mark.full
def test_edge_folder_gives_the_same_answers_in_plain_python(classifier, tmp_path):
    edge = EdgeClassifier(tflite.export(classifier.bundle_, tmp_path, quantize=["none"]))
    assert not (tmp_path / "edge" / "vocabulary.txt").exists()
    assert [edge.encode_text(text) for text in TEXTS] == list(map(classifier.bundle_.vectorizer.encode_text, TEXTS))
    np.testing.assert_allclose(edge.predict_proba(TEXTS), classifier.predict_proba(TEXTS), atol=1e-4)


@pytest.mark.full
def test_saved_model_and_onnx_give_the_same_answers(classifier, tmp_path):
    bundle, expected = classifier.bundle_, classifier.predict_proba(TEXTS)
    predict = saved_model.load_predict_fn(saved_model.export(bundle, tmp_path))
    np.testing.assert_allclose(predict(TEXTS), expected, atol=1e-5)
    np.testing.assert_allclose(onnx.load_predict_fn(onnx.export(bundle, tmp_path), bundle)(TEXTS), expected, atol=1e-4)


@pytest.fixture(scope="module")
def exports(classifier, tmp_path_factory):
    """The web page, for the fixtures of its tests."""
    return {"news": web.export(classifier.bundle_, tmp_path_factory.mktemp("pages"), quantize=["none"])}


@pytest.mark.full
def test_web_page_gives_the_answers_of_golden_json(exports, node_modules, open_page):  # noqa: F811
    page = open_page(with_modules(exports["news"], node_modules))
    golden = json.loads((exports["news"] / "golden.json").read_text("utf-8"))
    answers = [page.evaluate("(text) => classifier.classify(text)", text) for text in golden["texts"]]
    assert [answer["inputs"] for answer in answers] == golden["inputs"]
    probabilities = [answer["probabilities"] for answer in answers]
    np.testing.assert_allclose(probabilities, golden["probabilities"]["model_float32.tflite"], rtol=0, atol=1e-4)


def test_contributions_name_parts_of_the_text(classifier):
    for text in ("The striker scored  twice, 这部电影!", "ﬁne ①②", ""):
        found = classifier.explain(text)
        assert found.bias + sum(x.contribution for x in found.contributions) == pytest.approx(found.logit, abs=1e-4)
        assert all(text[x.start : x.end] == x.text for x in found.contributions if x.start is not None)


@pytest.mark.full
def test_sentence_transformer_reads_sentencepieces(folders, news, tmp_path):
    texts, labels = news[0][::8], news[1][::8]
    fitted = TextClassifier(model="sentence_transformer", preset=folders["bert"], max_length=16).fit(texts, labels)
    fitted.save(tmp_path / "bundle")
    loaded = TextClassifier.load(tmp_path / "bundle")
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), fitted.predict_proba(TEXTS), atol=1e-6)


def test_settings_that_contradict_the_encoder_are_one_line(folders):
    for settings in ({"level": "character"}, {"split": "unicode"}, {"split": "dictionary"}):
        with pytest.raises(InputError, match=r"xlm-roberta needs SentencePiece tokens; leave out text\.level"):
            make_vectorizer(folders["xlm-roberta"], **settings)
    with pytest.raises(InputError, match=r"needs WordPiece tokens; leave out text\.level and text\.split"):
        make_vectorizer(tiny_preset(), split="sentencepiece")
    assert make_vectorizer(folders["bert"], split="sentencepiece").settings.split == "sentencepiece"
    with pytest.raises(InputError, match=rf"accepts at most {LENGTH - 2} tokens"):
        make_vectorizer(folders["xlm-roberta"], max_length=LENGTH - 1)


def test_rejects_damaged_presets_in_one_line(folders, sentencepiece_model, tmp_path):
    copy = shutil.copytree(folders["xlm-roberta"], tmp_path / "copy")
    path, content = copy / "sentencepiece.bpe.model", sentencepiece_model.serialize()
    path.write_bytes(content[1000:])
    with pytest.raises(InputError, match=r"sentencepiece\.bpe\.model: damaged, or not a SentencePiece model"):
        read_vocabulary(copy)
    path.write_bytes(content.replace(b"</s>", b"</t>"))
    with pytest.raises(InputError, match="its first pieces are not <s> and </s>"):
        read_vocabulary(copy)
    path.unlink()
    with pytest.raises(InputError, match=r"sentencepiece\.bpe\.model: the SentencePiece model cannot be read"):
        read_vocabulary(copy)
    pieces = sentencepiece_model.keep(sentencepiece_model.pieces[:-50]).serialize()
    small = write_multilingual_preset(tmp_path / "small", "bert", pieces, len(sentencepiece_model.pieces) - 49)
    (tmp_path / "small" / "sentencepiece.bpe.model").write_bytes(content)
    with pytest.raises(InputError, match=r"small: its tokenizer has ids up to .* the files do not belong together"):
        models.get("hub_cnn")(preset=small).build(vocabulary_size=0, num_classes=2)


@pytest.mark.parametrize("name", [{"tokenizer_class": "PreTrainedTokenizerFast"}, {}], ids=str)
def test_multilingual_bert_need_not_name_its_tokenizer(name, folders, tmp_path):
    copy = shutil.copytree(folders["bert"], tmp_path / "copy")
    (copy / "tokenizer_config.json").write_text(json.dumps(name))
    assert read_vocabulary(copy) == read_vocabulary(folders["bert"])


def test_byte_level_pieces_are_refused_in_one_line(tmp_path):
    for config in ({"model_type": "roberta"}, {"class_name": "RobertaBackbone", "config": {}}):
        (tmp_path / "config.json").write_text(json.dumps(config))
        with pytest.raises(InputError, match=r"(roberta|RobertaBackbone), whose byte-level pieces .*, XLMRoberta"):
            read_vocabulary(tmp_path)
