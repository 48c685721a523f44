"""TextClassifier with any number of labels per document."""

import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import KFold, cross_val_score
from sklearn.preprocessing import MultiLabelBinarizer

import kerascnn
from kerascnn import TextClassifier, tasks
from kerascnn.data.documents import split_validation
from kerascnn.utils.errors import InputError
from tests.sealing import edit_sealed

SMALL = {
    "model": "bow",
    "ngrams": (1, 2),
    "linear_ngrams": (),
    "epochs": 12,
    "refit_rows": 0,
    "ngram_buckets": 4096,
    "max_length": 96,
    "learning_rate": 0.03,
    "min_count": 1,
}


@pytest.fixture(scope="module")
def trained(briefs):
    return TextClassifier(**SMALL).fit(*briefs)


def test_learns_training_data_and_predicts_lists(trained, briefs):
    texts, labels = briefs
    predictions = trained.predict(texts)
    assert trained.score(texts, labels) > 0.75
    assert trained.score(texts, labels) == np.mean([set(a) == set(b) for a, b in zip(predictions, labels, strict=True)])
    assert {len(prediction) for prediction in predictions} >= {0, 1, 2, 3}
    assert all(set(prediction) <= set(trained.classes_) for prediction in predictions)


def test_predicts_labels_that_reach_their_threshold(trained, briefs):
    probabilities = trained.predict_proba(briefs[0])
    assert probabilities.shape == (240, 5) and probabilities.dtype == np.float32
    assert probabilities.sum(axis=1).min() < 0.5 and probabilities.sum(axis=1).max() > 2
    predicted = probabilities >= np.asarray(trained.bundle_.thresholds, np.float32)
    assert trained.predict(briefs[0]) == [trained.classes_[row].tolist() for row in predicted]
    for prediction, row in zip(trained.predict_scored(briefs[0]), predicted, strict=True):
        assert sorted(label for label, _ in prediction) == trained.classes_[row].tolist()
        assert [score for _, score in prediction] == sorted((score for _, score in prediction), reverse=True)
    assert trained.predict([]) == [] and trained.predict_proba([]).shape == (0, 5)
    assert len(trained.predict_top_k(briefs[0][:1], k=3)[0]) == 3


def test_fits_thresholds_and_temperature_to_validation_data(trained, briefs):
    texts, labels = briefs
    _, held_out = split_validation(
        texts, [tuple(names) for names in labels], trained.bundle_.config.source, trained.bundle_.task
    )
    texts, labels = [texts[i] for i in held_out], [labels[i] for i in held_out]
    tuned = trained.evaluate(texts, labels)
    truth = tasks.MULTI_LABEL.encode(labels, trained.classes_)
    at_half = tasks.MULTI_LABEL.evaluate(truth, trained.predict_proba(texts), trained.bundle_.labels, [0.5] * 5)
    for name, values in tuned["per_class"].items():
        assert values["f1"] >= at_half["per_class"][name]["f1"]
    uncalibrated = special.expit(special.logit(trained.predict_proba(texts)) * trained.bundle_.temperature)
    losses = [log_loss(truth.ravel(), predicted.ravel()) for predicted in (trained.predict_proba(texts), uncalibrated)]
    assert trained.bundle_.temperature != 1 and losses[0] < losses[1]


def test_thresholds_are_one_half_without_calibration(briefs):
    texts, labels = briefs
    plain = TextClassifier(**SMALL | {"epochs": 1}, calibrate=False).fit(texts, labels)
    assert plain.bundle_.thresholds == [0.5] * 5 and plain.bundle_.temperature == 1


def test_metrics_match_scikit_learn(trained, briefs):
    texts, labels = briefs
    found, truth = trained.evaluate(texts, labels), MultiLabelBinarizer().fit_transform(labels)
    predicted = MultiLabelBinarizer(classes=trained.classes_).fit_transform(trained.predict(texts))
    assert found["accuracy"] == accuracy_score(truth, predicted)
    assert found["micro_f1"] == pytest.approx(f1_score(truth, predicted, average="micro"))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))


@pytest.mark.full
def test_predicts_indicator_matrix_after_training_with_one(trained, briefs):
    texts, labels = briefs
    frame = pd.DataFrame(MultiLabelBinarizer().fit_transform(labels), columns=trained.classes_)
    of_frame = TextClassifier(**SMALL).fit(texts, frame)
    of_matrix = TextClassifier(**SMALL).fit(texts, frame.to_numpy())
    assert of_frame.classes_.tolist() == trained.classes_.tolist() and of_matrix.classes_.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(of_frame.predict_proba(texts), trained.predict_proba(texts), atol=1e-5)
    np.testing.assert_allclose(of_matrix.predict_proba(texts), trained.predict_proba(texts), atol=1e-5)
    for classifier in (of_frame, of_matrix):
        predictions = classifier.predict(texts)
        assert predictions.shape == (240, 5) and set(np.unique(predictions)) == {0, 1}
        assert classifier.score(texts, frame.to_numpy()) == accuracy_score(frame, predictions)


@pytest.mark.full
def test_scikit_learn_cross_validates_on_indicator_matrix(briefs):
    truth = MultiLabelBinarizer().fit_transform(briefs[1])
    scores = cross_val_score(
        TextClassifier(**SMALL | {"epochs": 4}), briefs[0], truth, cv=KFold(2, shuffle=True, random_state=0),
        scoring="f1_micro", error_score="raise",
    )  # fmt: skip
    assert scores.min() > 0.3


def test_loaded_and_pickled_classifier_predict_the_same(trained, briefs, tmp_path):
    trained.save(tmp_path / "bundle")
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert (manifest["schema_version"], manifest["task"]) == (1, "multi_label")
    assert manifest["thresholds"] == trained.bundle_.thresholds
    assert not (tmp_path / "bundle" / "confusion_matrix.png").exists()
    for again in (kerascnn.load(tmp_path / "bundle"), pickle.loads(pickle.dumps(trained))):
        assert again.predict(briefs[0]) == trained.predict(briefs[0])
        np.testing.assert_allclose(again.predict_proba(briefs[0]), trained.predict_proba(briefs[0]), atol=1e-6)
    matrix = tasks.MULTI_LABEL.encode(briefs[1], trained.classes_)
    assert kerascnn.load(tmp_path / "bundle").evaluate(briefs[0], matrix) == trained.evaluate(*briefs)


def test_rejects_bundle_of_unknown_task(trained, tmp_path):
    trained.save(tmp_path / "bundle")
    edit_sealed(tmp_path / "bundle" / "manifest.json", task="ordinal")
    with pytest.raises(InputError, match="no task is called 'ordinal'"):
        kerascnn.load(tmp_path / "bundle")


def test_explains_the_given_label(trained, briefs):
    text = briefs[0][3]
    for label, score in trained.predict_top_k([text], k=5)[0]:
        found = trained.explain(text, label)
        assert (found.label, found.score) == (label, pytest.approx(score, abs=1e-5))
        assert found.bias + sum(x.contribution for x in found.contributions) == pytest.approx(found.logit, abs=1e-4)
        assert found.score == pytest.approx(1 / (1 + np.exp(-found.logit / trained.bundle_.temperature)), abs=1e-5)


@pytest.mark.full
def test_trains_with_every_monitor_and_loss_option(briefs):
    texts, labels = briefs
    for settings in ({"monitor": "macro_f1", "focal_gamma": 2.0}, {"monitor": "loss", "label_smoothing": 0.0}):
        history = TextClassifier(**SMALL | {"epochs": 3} | settings).fit(texts, labels).bundle_.history
        assert history[-1]["loss"] < history[0]["loss"]
        assert ("val_macro_f1" in history[0]) == (settings["monitor"] == "macro_f1")


@pytest.mark.parametrize(
    ("settings", "options", "message"),
    [
        ({"class_weights": "balanced"}, {}, "training.class_weights balanced .* multi-label"),
        ({"sampling": "balanced"}, {}, "training.sampling balanced .* multi-label"),
        ({}, {"soft_labels": np.full((240, 5), 1.2)}, "row 0: 'business' has the probability 1.2; .* the sigmoid"),
        (
            {"ngrams": (), "linear_ngrams": (1,)},
            {"soft_labels": np.full((240, 5), 0.2)},
            "does not learn the soft labels of",
        ),
        ({}, {"validation_data": (["a"], [["weather"]])}, "row 0: the label 'weather' was not seen in training"),
    ],
)
def test_rejects_unsupported_options(settings, options, message, briefs):
    with pytest.raises(InputError, match=message):
        TextClassifier(**SMALL | settings).fit(*briefs, **options)


def test_learns_a_teacher_from_texts_without_labels(briefs):
    texts, labels = briefs
    known = [names if number % 3 == 0 else None for number, names in enumerate(labels)]
    targets = tasks.MULTI_LABEL.encode(labels, np.unique(np.concatenate(labels)))
    student = TextClassifier(**SMALL, soft_label_temperature=1.5).fit(
        texts, known, soft_labels=np.where(targets, 0.9, 0.05)
    )
    alone = TextClassifier(**SMALL).fit(texts[::3], labels[::3])
    assert student.classes_.tolist() == alone.classes_.tolist()
    rest = [number for number in range(240) if number % 3]
    held_out = [texts[i] for i in rest], [labels[i] for i in rest]
    assert student.evaluate(*held_out)["micro_f1"] > alone.evaluate(*held_out)["micro_f1"] + 0.02


@pytest.mark.full
def test_resumed_training_predicts_the_same(briefs, tmp_path):
    from kerascnn.training.checkpoint import Checkpoint

    class PowerError(Exception):
        """The plug is pulled at the beginning of the third epoch."""

    def pull_the_plug(callback, epoch, logs=None):
        if epoch == 2:
            raise PowerError

    def train(**options):
        return TextClassifier(**SMALL | {"epochs": 4, "deterministic": True}).fit(*briefs, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoint, "on_epoch_begin", pull_the_plug)
        with pytest.raises(PowerError):
            train(folder=tmp_path)
    resumed, whole = train(folder=tmp_path, resume=True), train()
    np.testing.assert_array_equal(resumed.predict_proba(briefs[0]), whole.predict_proba(briefs[0]))
    assert resumed.bundle_.thresholds == whole.bundle_.thresholds


def test_warns_of_one_hot_labels(briefs):
    one_hot = np.eye(3, dtype=int)[np.arange(len(briefs[0])) % 3]
    with pytest.warns(UserWarning, match=r"exactly one 1.*y\.argmax\(axis=1\)"):
        tasks.MULTI_LABEL.find_classes(one_hot)
    one_hot[0] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tasks.MULTI_LABEL.find_classes(one_hot)
