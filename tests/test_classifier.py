"""TextClassifier with one label per document."""

import inspect
import json
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import kerascnn
from kerascnn import TextClassifier
from kerascnn.config import config_from_dict
from kerascnn.utils.errors import InputError

SMALL = {"filters": 16, "ngram_buckets": 4096, "max_length": 64, "learning_rate": 0.01, "min_count": 1, "refit_rows": 0}


@pytest.fixture(scope="module")
def trained(news):
    return TextClassifier(epochs=10, **SMALL).fit(*news)


def test_learns_training_data(trained, news):
    texts, labels = news
    assert trained.score(texts, labels) > 0.8
    assert set(trained.predict(texts)) <= set(labels)


def test_probabilities_sum_to_one_per_document(trained, news):
    probabilities = trained.predict_proba(news[0][:7])
    assert probabilities.shape == (7, 5) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert trained.predict(news[0][:7]).tolist() == trained.classes_[probabilities.argmax(axis=1)].tolist()


def test_prediction_does_not_depend_on_other_documents(trained, news):
    texts = [*news[0][:5], "", "word " * 400, "新闻"]
    together = trained.predict_proba(texts)
    alone = np.concatenate([trained.predict_proba([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_predicts_nothing_for_no_documents(trained):
    assert trained.predict([]).shape == (0,)
    assert trained.predict_proba([]).shape == (0, 5)
    assert trained.predict_top_k([]) == []


def test_top_k_is_sorted_and_matches_probabilities(trained, news):
    [prediction] = trained.predict_top_k(news[0][:1], k=3)
    probabilities = trained.predict_proba(news[0][:1])[0]
    assert [probability for _, probability in prediction] == sorted(probabilities.tolist(), reverse=True)[:3]
    assert prediction[0][0] == trained.predict(news[0][:1])[0]
    assert len(trained.predict_top_k(news[0][:1], k=99)[0]) == 5


@pytest.mark.parametrize("labels", [np.arange(40) % 2, np.arange(40) % 2 == 0, np.array([1.0, 0.0] * 20)])
def test_answers_are_values_for_json(labels):
    texts = [f"{('good', 'bad')[number % 2]} film {number}" for number in range(40)]
    settings = {"linear_characters": (), "linear_ngrams": (1,), "refit_rows": 0}
    classifier = TextClassifier(model="bow", **settings).fit(texts, labels)
    answers = [
        classifier.predict_scored(texts[:2]),
        classifier.predict_top_k(texts[:1], k=2),
        classifier.explain(texts[0]).to_dict(),
        classifier.evaluate(texts, labels),
    ]
    json.dumps(answers)
    assert answers[0][0][0][0] == labels[0]


def test_encode_returns_input_of_last_layer(news):
    texts, labels = news[0][::5], news[1][::5]
    network = TextClassifier(epochs=2, linear_ngrams=(), **SMALL).fit(texts, labels)
    features = network.encode(texts[:4])
    weights, bias = network.bundle_.model.get_layer("logits").get_weights()
    logits = (features @ weights + bias) / network.bundle_.temperature
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, network.predict_proba(texts[:4]), atol=1e-5)


def test_seed_decides_predictions(news):
    texts, labels = news[0][::5], news[1][::5]

    def predictions(seed):
        return TextClassifier(epochs=2, seed=seed, deterministic=True, **SMALL).fit(texts, labels).predict_proba(texts)

    first, again, other = predictions(1), predictions(1), predictions(2)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(np.log(first), np.log(other), atol=0.01)


def test_number_labels_keep_their_type(news):
    texts, names = news
    labels = [len(name) for name in names]
    classifier = TextClassifier(epochs=1, **SMALL).fit(texts, labels)
    assert set(classifier.predict(texts[:9]).tolist()) <= set(labels)


def test_early_stopping_uses_given_validation_data(news):
    texts, labels = news
    classifier = TextClassifier(epochs=1, linear_ngrams=(), **SMALL).fit(
        texts[::2], labels[::2], validation_data=(texts[1::2], labels[1::2])
    )
    assert classifier.bundle_.history[0]["val_accuracy"] == pytest.approx(
        classifier.score(texts[1::2], labels[1::2]), abs=1e-6
    )


def test_loaded_classifier_predicts_the_same(trained, news, tmp_path):
    trained.save(tmp_path / "bundle")
    loaded = kerascnn.load(tmp_path / "bundle")
    np.testing.assert_allclose(loaded.predict_proba(news[0]), trained.predict_proba(news[0]), atol=1e-6)
    assert loaded.classes_.tolist() == trained.classes_.tolist()
    assert loaded.bundle_.history == trained.bundle_.history
    assert loaded.get_params() == trained.get_params() | {"stop_words": loaded.stop_words} | {
        name: value for name, value in loaded.get_params().items() if trained.get_params()[name] is None
    }


def test_clone_and_set_params():
    classifier = TextClassifier(model="char_cnn", filters=8, epochs=2)
    assert clone(classifier).get_params() == classifier.get_params()
    assert classifier.set_params(filters=32, batch_size=5).to_config().network.filters == 32
    assert classifier.to_config().training.batch_size == 5
    assert "max_length" in inspect.signature(TextClassifier).parameters


def test_pickled_classifier_predicts_the_same(trained, news):
    again = pickle.loads(pickle.dumps(trained))
    np.testing.assert_allclose(again.predict_proba(news[0][:3]), trained.predict_proba(news[0][:3]), atol=1e-6)


def test_rejects_setting_of_another_model(news):
    with pytest.raises(InputError, match="word_cnn has no setting 'blocks'"):
        TextClassifier(blocks=3).fit(*news)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["a", "b"], ["x"], "2 texts and 1 labels"),
        (["a", "b"], ["x", "x"], "two classes"),
        (["a", 3], ["x", "y"], "row 1: a text must be a string"),
        ("a text", ["x", "y"], "not one text"),
        (["a", "b"], ["x", "y"], "too few"),
        (["a", "b", "c"], ["x", float("nan"), "y"], "row 1 has no label"),
        (["a", "b", "c"], ["x", pd.NA, "y"], "row 1 has no label"),
        (["a", "b", "c"], pd.Series(["x", "y", None], dtype="string"), "row 2 has no label"),
        (["a", "b", "c"], np.array([1.0, np.nan, 0.0]), "row 1 has no label"),
        (["a", "b", "c"], ["x", " ", "y"], "row 1: the label is empty"),
        (["a", "b", "c"], ["x", "\ud800", "y"], r"row 1: the label '\\ud800' is not valid Unicode"),
        (["a", "b", "c"], ["x", 1, "y"], "labels are strings and numbers"),
        (["a", "b"], {"x": 1, "y": 2}, "labels: "),
        (["a", "b"], None, "labels: "),
        (None, ["x", "y"], "give a list of texts.* Received: NoneType"),
    ],
)
def test_rejects_unusable_training_data(texts, labels, message):
    with pytest.raises(InputError, match=message):
        TextClassifier().fit(texts, labels)


@pytest.mark.parametrize(
    "table",
    [pd.DataFrame({"text": ["a"], "label": ["b"]}), pd.DataFrame({"text": ["a"]}), {"text": ["a"]}, {"a"},
     np.array([["a"]])],
    ids=["table", "table of one column", "dict", "set", "array of two dimensions"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_top_k", "predict_scored", "encode"])
def test_rejects_table_where_a_list_of_texts_is_expected(trained, method, table):
    with pytest.raises(InputError, match=r"such as the column table\['text'\]"):
        getattr(trained, method)(table)


@pytest.mark.parametrize("k", [0, -1, 2.0, True, None, "3"])
def test_rejects_k_that_counts_no_labels(trained, k):
    with pytest.raises(InputError, match=r"k: .* is not a whole number of at least 1"):
        trained.predict_top_k(["a"], k=k)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((["a", "b"], ["sports"]), "validation_data: 2 texts and 1 labels"),
        (([], []), "validation_data: has no texts"),
        (["a"], r"validation_data: give \(texts, labels\)"),
        ((["a"], ["weather"]), "'weather' was not seen in training"),
    ],
)
def test_rejects_unusable_validation_data(news, data, message):
    with pytest.raises(InputError, match=message):
        TextClassifier().fit(*news, validation_data=data)


def test_numbers_of_numpy_are_settings(news):
    settings = {"max_length": np.int64(8), "learning_rate": np.float32(0.25), "calibrate": np.bool_(False)}
    config = TextClassifier(**settings, seed=np.int32(3), kernel_sizes=np.array([2, 3])).to_config()
    assert (config.text.max_length, config.training.learning_rate, config.training.calibrate) == (8, 0.25, False)
    assert (config.seed, config.network.kernel_sizes) == (3, (2, 3))
    assert config_from_dict(json.loads(json.dumps(config.to_dict())), "test") == config
    with pytest.raises(InputError, match="seed: None"):
        TextClassifier(seed=None).to_config()


def test_rejects_unknown_label_in_evaluation(trained):
    with pytest.raises(InputError, match="row 1: the label 'weather'"):
        trained.evaluate(["a match", "rain"], ["sports", "weather"])


def test_rejects_prediction_before_training():
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        TextClassifier().predict(["a"])


def test_balanced_class_weights_help_rare_class(news):
    texts, labels = news
    rare = [i for i, label in enumerate(labels) if label == "tech"][:8]
    common = [i for i, label in enumerate(labels) if label == "business"]
    few, few_labels = [texts[i] for i in common + rare], [labels[i] for i in common + rare]
    recalls = {}
    for weights in ("none", "balanced"):
        classifier = TextClassifier(epochs=4, class_weights=weights, linear_ngrams=(), **SMALL).fit(few, few_labels)
        probabilities = classifier.predict_proba([texts[i] for i in rare])
        recalls[weights] = probabilities[:, classifier.classes_.tolist().index("tech")].mean()
    assert recalls["balanced"] > recalls["none"] + 0.1


@pytest.mark.parametrize(
    "settings",
    [{"dtype_policy": "mixed_bfloat16", "normalize": "nfkc_casefold"},
     {"dtype_policy": "mixed_float16", "weight_decay": 0.01, "global_clipnorm": 1.0},
     {"optimizer": "adadelta", "learning_rate": 1.0, "monitor": "loss"},
     {"schedule": "cosine", "label_smoothing": 0.1}],
    ids=str,
)  # fmt: skip
def test_classifier_of_every_training_option_loads_again(settings, news, tmp_path):
    texts, labels = news[0][::4], news[1][::4]
    classifier = TextClassifier(epochs=6, **(SMALL | settings)).fit(texts, labels)
    history = classifier.bundle_.history
    assert np.isfinite([row["loss"] for row in history]).all()
    assert history[-1]["loss"] < history[0]["loss"]
    classifier.save(tmp_path / "bundle")
    np.testing.assert_allclose(
        kerascnn.load(tmp_path / "bundle").predict_proba(texts), classifier.predict_proba(texts), atol=1e-6
    )
