"""``TokenClassifier``: train, predict, evaluate, save and load."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from sklearn.base import clone

import kerascnn
from kerascnn import TokenClassifier
from kerascnn.utils.errors import InputError
from tests.tagged import NAMES, SENTENCES, TAGS

SMALL = {"embedding_dim": 16, "character_filters": 16, "epochs": 12, "min_count": 1, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def tagger():
    return TokenClassifier(**SMALL, filters=32).fit(SENTENCES, TAGS, validation_data=(SENTENCES, TAGS))


def test_learns_names_from_their_context(tagger):
    assert tagger.score(SENTENCES, TAGS) > 0.95
    [entities] = tagger.predict_entities(["Yesterday Zarina met Bob Miller in Rome."])
    assert [(e.text, e.label) for e in entities][-2:] == [("Bob Miller", "PER"), ("Rome", "LOC")]
    assert all(0 < e.score <= 1 for e in entities)


def test_positions_are_those_of_the_text(tagger):
    text = "Anna  met\tBob Miller in Rome."
    [tokens] = tagger.predict_tokens([text])
    assert [token.text for token in tokens] == [text[token.start : token.end] for token in tokens]
    assert tagger.predict([text]) == [[token.tag for token in tokens]]


def test_predictions_do_not_depend_on_the_batch(tagger):
    together = tagger.predict_proba(SENTENCES)
    for sentence, probabilities in zip(SENTENCES[:3], together, strict=False):
        np.testing.assert_allclose(tagger.predict_proba([sentence])[0], probabilities, atol=1e-4)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-4)


def test_no_tags_for_texts_without_tokens(tagger):
    assert tagger.predict(["", "  "]) == [[], []]
    assert tagger.predict([]) == []


def test_spans_begin_with_b(tagger):
    for tags in tagger.predict(["Miller Rome Anna Bob . in met", *SENTENCES]):
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I") or before[1:] == tag[1:]


def test_bundle_gives_the_same_answers(tagger, tmp_path):
    tagger.save(tmp_path / "bundle")
    loaded = kerascnn.load(tmp_path / "bundle")
    assert isinstance(loaded, TokenClassifier)
    assert loaded.predict(SENTENCES) == tagger.predict(SENTENCES)
    np.testing.assert_allclose(loaded.predict_proba(SENTENCES)[0], tagger.predict_proba(SENTENCES)[0], atol=1e-5)
    with pytest.raises(InputError, match="TokenClassifier"):
        kerascnn.TextClassifier.load(tmp_path / "bundle")
    path = tmp_path / "bundle" / "characters.txt"
    path.write_bytes(path.read_bytes() + b"\xc3\xa4\n")
    with pytest.raises(InputError, match=r"characters\.txt"):
        kerascnn.load(tmp_path / "bundle")


def test_pickled_tagger_gives_the_same_answers(tagger):
    assert pickle.loads(pickle.dumps(tagger)).predict(SENTENCES[:2]) == tagger.predict(SENTENCES[:2])


def test_metrics_have_missed_spans(tagger):
    results = tagger.evaluate([["Anna", "met", "Bob"]], [["B-ORG", "O", "I-PER"]])
    assert results["missed_spans"][0] == ["Anna", "ORG", 1]
    assert results["tokens"] == 3


@pytest.mark.parametrize("model", ["id_cnn", pytest.param("bilstm", marks=pytest.mark.full)])
def test_softmax_and_parts_of_speech(model):
    tags = [["X" if word in NAMES else "W" for word in sentence] for sentence in SENTENCES]
    tagger = TokenClassifier(model=model, crf=False, **SMALL).fit(SENTENCES, tags)
    assert tagger.score(SENTENCES, tags) > 0.9
    with pytest.raises(InputError, match="no spans"):
        tagger.predict_entities(["Anna"])


def test_words_with_a_vector_join_the_vocabulary(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("anna 1 0\nrome 0 1\nzarina 1 0.5\n", encoding="utf-8")
    fast = {**SMALL, "epochs": 1, "vectors": str(path), "filters": 8}
    bundle = TokenClassifier(**fast).fit(SENTENCES[:8], TAGS[:8], validation_data=(SENTENCES[:8], TAGS[:8])).bundle_
    row = bundle.model.get_layer("embedding").get_weights()[0][bundle.vectorizer.vocabulary.index("zarina")]
    # it is in no training sentence, so that its vector only has another scale
    np.testing.assert_allclose(row, 0.3 / np.std([1, 0, 0, 1, 1, 0.5]) * np.array([1, 0.5]), rtol=1e-5)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["Anna"], ["O"], "texts, row 0: give a list of tokens"),
        ([["Anna"]], [["O", "O"]], "row 0: 1 tokens and 2 tags"),
        ([["Anna"]], [], "1 sentences and 0 lists of tags"),
        ([["Anna", ""]], [["O", "O"]], "one of the tokens is"),
        ([["Anna"], ["Bob"]], [["O"], ["O"]], "at least two tags"),
        ([[]], [[]], "no sentence has a token with a tag"),
        ([[], []], [[], []], "no sentence has a token with a tag"),
        ([[], ["Anna"]], [[], ["O"]], "at least two tags"),
    ],
)
def test_wrong_data_is_named(texts, labels, message):
    with pytest.raises(InputError, match=message):
        TokenClassifier().fit(texts, labels)


def test_teacher_alone_cannot_name_the_tags():
    with pytest.raises(InputError, match="no sentence has a token with a tag"):
        TokenClassifier().fit([["Anna"], []], [None, None], soft_labels=[np.ones((1, 1)), np.ones((0, 1))])


def test_models_of_texts_are_rejected():
    for model in ("rnn", "word_cnn"):
        with pytest.raises(InputError, match=f"model: {model} has one label per text; give id_cnn"):
            TokenClassifier(model=model).fit(SENTENCES, TAGS)


def test_settings_are_those_of_a_tagger():
    tagger = clone(TokenClassifier(seed=3, word_length=7))
    settings = tagger.get_params()
    assert (settings["model"], settings["seed"], settings["word_length"]) == ("id_cnn", 3, 7)
    assert "epochs" in str(inspect.signature(TokenClassifier))
    assert tagger.set_params(model="bilstm").to_config().model == "bilstm"
    assert TokenClassifier.from_config(tagger.to_config()).get_params()["model"] == "bilstm"
    with pytest.raises(TypeError):
        TokenClassifier(word_len=7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"refit_rows": 5}, "training.refit_rows 5: not for a tagger"),
        ({"contrastive": "always"}, "transfer.contrastive always: id_cnn has no sentence vectors"),
        ({"layerwise_lr_decay": 0.9}, "transfer.layerwise_lr_decay 0.9: not for a tagger"),
        ({"class_weights": "balanced"}, "class_weights"),
        ({"split": "whitespace"}, "text.split whitespace: not for a tagger"),
    ],
)
def test_settings_of_text_classifiers_are_rejected(settings, message):
    with pytest.raises(InputError, match=message):
        TokenClassifier(**settings).fit(SENTENCES, TAGS)
