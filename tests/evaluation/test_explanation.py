"""Explanations of single models; tests/conformance checks for every model that contributions add up to the logit."""

import re

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.evaluation.attribution import choose_attribution_method
from kerascnn.evaluation.explanation import Explanation, quantize_strengths
from kerascnn.models import BuiltModel, LayerRoles
from kerascnn.utils.errors import InputError

SMALL = {"epochs": 6, "learning_rate": 0.01, "filters": 8, "ngram_buckets": 512, "max_length": 64, "min_count": 1}
SMALL["refit_rows"] = 0
GOOD, BAD = "the food was great &amp; fresh", "the food was awful, never again"


@pytest.fixture(scope="module")
def words():
    """A word model that learned two words, with every kind of pooling and embedding."""
    texts = [GOOD, BAD] * 20
    settings = SMALL | {"static_channel": True, "pooling": "both", "kernel_sizes": (1, 2, 4)}
    return TextClassifier(**settings).fit(texts, ["good", "bad"] * 20, validation_data=(texts, ["good", "bad"] * 20))


def sum_of(found):
    return found.bias + sum(x.contribution for x in found.contributions)


def test_decisive_words_have_strongest_contributions(words):
    good, bad = words.explain(GOOD), words.explain(BAD)
    assert (good.label, bad.label) == ("good", "bad")
    assert any(word in good.contributions[0].text for word in ("great", "fresh", "&amp;"))
    assert any(word in bad.contributions[0].text for word in ("awful", "never", "again", ","))
    strength = {text.strip(): strength for text, strength in good.passages}
    assert strength["great"] > abs(strength["the"])


def test_contributions_add_up_exactly_for_every_label(words):
    for text in (GOOD, BAD, "unheard of words", "great", ""):
        logits = []
        for label in words.classes_:
            found = words.explain(text, label)
            assert found.method == "filters"
            assert sum_of(found) == pytest.approx(found.logit, abs=1e-5)
            logits.append(found.logit)
        scaled = np.exp(np.array(logits) / words.bundle_.temperature)
        np.testing.assert_allclose(scaled / scaled.sum(), words.predict_proba([text])[0], atol=1e-5)


def test_removing_ngram_changes_logit_by_its_contribution():
    """A bag of words without order: without a word the sum of vectors loses just that word's."""
    texts = [GOOD, BAD] * 20
    bag = TextClassifier(
        model="bow", ngrams=(1,), linear_ngrams=(), start_token=False, epochs=6, min_count=1, learning_rate=0.05
    )
    bag.fit(texts, ["good", "bad"] * 20, validation_data=(texts, ["good", "bad"] * 20))
    whole, without = bag.explain("food was great", "good"), bag.explain("food was", "good")
    [great] = [x for x in whole.contributions if x.text == "great"]
    assert great.contribution != 0
    # the sum over the root of three against that over the root of two
    rest = whole.logit - whole.bias - great.contribution
    assert 3**0.5 * rest == pytest.approx(2**0.5 * (without.logit - without.bias), rel=1e-4)


def test_explains_hidden_layer_by_integrated_gradients():
    texts, labels = [GOOD, BAD] * 20, ["good", "bad"] * 20
    deep = TextClassifier(**SMALL, hidden_units=8).fit(texts, labels, validation_data=(texts, labels))
    found = deep.explain(GOOD)
    assert found.method == "integrated gradients"
    assert sum_of(found) == pytest.approx(found.logit, abs=0.01 * max(1, abs(found.logit - found.bias)))
    assert any(" " in x.text for x in found.contributions), "the bag's n-grams count as n-grams"


def test_explains_model_without_layer_roles():
    import keras

    ids = keras.Input((None,), dtype="int32", name="ids")
    vectors = keras.layers.Embedding(20, 4)(ids)
    hidden = keras.layers.GlobalAveragePooling1D()(
        keras.layers.Conv1D(6, 3, activation="tanh", padding="same")(vectors)
    )
    model = keras.Model(ids, keras.layers.Dense(3, name="logits")(hidden))
    found = choose_attribution_method(BuiltModel(model, LayerRoles()))([3, 4, 5, 6], 2)
    assert found.bias + sum(found.contributions) == pytest.approx(found.logits[2], abs=0.01)
    assert sorted(found.spans) == [(0, 1), (1, 2), (2, 3), (3, 4)]


def test_classifier_can_be_saved_after_explaining(words, tmp_path):
    words.explain(GOOD)
    words.save(tmp_path / "words")
    np.testing.assert_allclose(load(tmp_path / "words").predict_proba([GOOD, BAD]), words.predict_proba([GOOD, BAD]))


def test_rejects_unknown_label_and_list_of_texts(words):
    with pytest.raises(InputError, match="'fine' was not seen in training"):
        words.explain(GOOD, "fine")
    with pytest.raises(InputError, match="give one text, a string"):
        words.explain([GOOD])


def test_text_shows_merged_supporting_and_opposing_passages():
    passages = (("very", 0.9), (" ", 0.0), ("good", 1.0), (", ", 0.0), ("not", -0.6), (" so", 0.1))
    found = Explanation("", "x", 1.0, 0.0, 0.0, "filters", (), passages)
    assert found.to_text(color=False) == "{+very good+}, [-not-] so"
    assert found.to_text(color=True) == "\033[1;34mvery good\033[0m, \033[4;31mnot\033[0m so"
    escaping = Explanation("", "x", 1.0, 0.0, 0.0, "filters", (), (("a\033[2Jb\n", 0.0),))
    assert escaping.to_text(color=True) == "a\ufffd[2Jb\n", "a text steers no terminal"
    assert quantize_strengths(passages, 4) == [("very good", 4), (", ", 0), ("not", -2), (" so", 0)]


def test_notebook_shows_shades_of_passages_and_the_sum_of_contributions(words):
    found = words.explain(BAD)
    shown = found._repr_html_()
    assert shown == found.to_html() and shown.startswith("<article") and "<style" not in shown
    marked = dict(re.findall(r"<mark style=\"([^\"]*)\">(.*?)</mark>", shown))
    assert any("31, 95, 191" in style for style in marked), "the strongest passage supports the label"
    logit, rest, bias = (float(number) for number in re.findall(r"[+-]\d+\.\d\d(?= of all| without|:)", shown))
    listed = [float(number) for number in re.findall(r"</bdi> ([+-]\d+\.\d\d)</span>", shown)]
    assert sum(listed) + rest + bias == pytest.approx(logit, abs=0.06)


def test_html_escapes_text_and_label():
    found = Explanation("<b>", "<i>", 1.0, 0.0, 0.0, "filters", (), (("<b>\x1b", 0.5), ("\n&", -0.5), ("\ud800", 0.0)))
    shown = found.to_html()
    assert "&lt;b&gt;\ufffd" in shown and "\n&amp;" in shown and "&lt;i&gt;" in shown and "<i>" not in shown
    shown.encode("utf-8")
