"""``bow`` as a linear classifier: solved, not trained by epochs."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.config import default_config
from kerascnn.experiment import run_training
from kerascnn.layers import TfidfLinear
from kerascnn.utils.errors import InputError

BAG = {"model": "bow", "ngrams": (1, 2), "linear_ngrams": (), "epochs": 1, "ngram_buckets": 256}


@pytest.fixture(scope="module")
def classifier(news):
    return TextClassifier(model="bow").fit(*news)


def weights(classifier):
    return classifier.model_.get_weights()


def test_has_no_trainable_weights_and_no_epochs(classifier):
    bundle = classifier.bundle_
    assert not bundle.model.trainable_weights
    assert all(isinstance(layer, TfidfLinear) for layer in bundle.model.layers if layer.weights)
    assert bundle.history == []
    assert bundle.metrics["epochs"] == 0 and bundle.metrics["seconds"] >= 0
    assert bundle.metrics["documents_per_second"] > 0
    assert bundle.metrics["parameters"] == bundle.model.count_params()


def test_saved_bundle_is_restored(classifier, news, tmp_path):
    classifier.save(tmp_path / "bundle")
    restored = load(tmp_path / "bundle")
    np.testing.assert_allclose(restored.predict_proba(news[0]), classifier.predict_proba(news[0]), atol=1e-6)
    assert restored.bundle_.history == []
    assert (tmp_path / "bundle" / "history.csv").read_text(encoding="utf-8") == "epoch\n"
    card = (tmp_path / "bundle" / "README.md").read_text(encoding="utf-8")
    assert " parameters, solved in " in card and "epochs" not in card
    assert "linear classifier: tf-idf of " in card
    assert "by epoch" not in (tmp_path / "bundle" / "report.html").read_text(encoding="utf-8")


def test_command_writes_bundle_again_with_resume(news_csv, tmp_path):
    values = {"data": [str(news_csv)], "output": str(tmp_path / "run"), "transfer": {"layerwise_lr_decay": 0.5}}
    config, messages = default_config("bow").replace_values(values, "test"), []
    result = run_training(config, resume=True, verbose=False, log=messages.append)
    assert "solved in" in result.summary and "LinearSVC with C" in result.summary
    assert result.metrics["test"]["accuracy"] > 0.8
    assert not (tmp_path / "run.training").exists()


def test_same_result_with_other_seed_and_after_resume(classifier, news, tmp_path):
    again = TextClassifier(model="bow").fit(*news, folder=tmp_path / "state", resume=True)
    assert all(map(np.array_equal, weights(again), weights(classifier)))
    assert not (tmp_path / "state").exists()


def test_settings_without_effect_are_named(news, capfd):
    TextClassifier(model="bow", epochs=3, learning_rate=0.1).fit(*news, verbose=True)
    err = capfd.readouterr().err
    assert "solved, not trained by epochs; without effect: training.epochs, training.learning_rate" in err
    TextClassifier(model="bow").fit(*news, verbose=True)
    assert "without effect" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"linear_ngrams": ()}, "ngrams and linear_ngrams are both empty"),
        ({"tensorboard": True}, "training.tensorboard: bow is solved and has no embedding"),
        ({"freeze": ("encoder",)}, "transfer.freeze: bow is solved and has no embedding"),
        ({"optimizer": keras.optimizers.Adam()}, "optimizer: bow is solved"),
    ],
)
def test_settings_that_need_epochs_are_rejected(settings, message):
    with pytest.raises(InputError, match=message):
        TextClassifier(model="bow", **settings).fit(["a", "b"], ["x", "y"])


def test_callbacks_are_rejected_and_features_do_not_exist(classifier):
    with pytest.raises(InputError, match="callbacks: bow is solved"):
        TextClassifier(model="bow").fit(["a", "b"], ["x", "y"], callbacks=[keras.callbacks.History()])
    with pytest.raises(InputError, match="a model without a head, such as a linear classifier, has no features"):
        classifier.encode(["a text"])
    with pytest.raises(InputError, match="cannot be built before it is solved"):
        default_config("bow").network.build(vocabulary_size=10, num_classes=2)


def test_learned_bag_has_the_linear_member_beside_it(news):
    network = TextClassifier(**BAG | {"linear_ngrams": (1, 2)}).fit(*news)
    assert network.model_.trainable_weights
    assert len(network.bundle_.history) == 1
    alone = TextClassifier(**BAG).fit(*news)
    assert not any(isinstance(layer, TfidfLinear) for layer in alone.model_.layers)


def test_vocabulary_continues_and_coefficients_are_solved_anew(classifier, reviews_zh, tmp_path):
    classifier.save(tmp_path / "news")
    continued = TextClassifier(model="bow", init_from=str(tmp_path / "news")).fit(*reviews_zh)
    old, new = classifier.bundle_.vectorizer.vocabulary, continued.bundle_.vectorizer.vocabulary
    assert new[: len(old)] == old and len(new) > len(old)
    assert continued.bundle_.metrics["inherited_vocabulary"] == len(old) / len(new)
    assert continued.score(*reviews_zh) > 0.9
    with pytest.raises(InputError, match="no layer has the same size"):
        TextClassifier(**BAG, init_from=str(tmp_path / "news")).fit(*reviews_zh)


@pytest.fixture(scope="module")
def two_words():
    """Return 80 texts with one of two words, of which the labels are right in three of four."""
    texts = [f"{('good', 'bad')[i % 2]} film" for i in range(80)]
    return texts, [("pos", "neg")[(i + (i // 2 % 4 == 0)) % 2] for i in range(80)]


def fit_words(two_words, **options):
    texts, labels = two_words
    settings = options.pop("settings", {})
    classifier = TextClassifier(model="bow", **settings)
    return classifier.fit(texts, labels, validation_data=(texts, labels), **options)


def test_sample_weight_decides_between_labels(two_words):
    wrong = np.array([i // 2 % 4 == 0 for i in range(80)])
    classifier = fit_words(two_words, sample_weight=np.where(wrong, 9.0, 0.1))
    assert classifier.predict(["good", "bad"]).tolist() == ["neg", "pos"]
    assert fit_words(two_words).predict(["good", "bad"]).tolist() == ["pos", "neg"]


def test_documents_of_weight_0_are_as_if_missing(two_words):
    texts, labels = two_words
    kept = np.arange(80) % 3 > 0
    ignored = [
        ("neg" if label == "pos" else "pos") if not keep else label for label, keep in zip(labels, kept, strict=True)
    ]
    first = fit_words((texts, labels), sample_weight=kept.astype(float))
    second = TextClassifier(model="bow").fit(
        texts, ignored, sample_weight=kept.astype(float), validation_data=(texts, labels)
    )
    assert all(map(np.array_equal, weights(first), weights(second)))
    with pytest.raises(InputError, match="all weights are 0"):
        fit_words(two_words, class_weight={"pos": 0, "neg": 0})


@pytest.mark.parametrize("settings", [{"class_weights": "balanced"}, {"sampling": "balanced"}])
def test_balanced_classes_find_more_of_the_rare_one(settings):
    rng = np.random.default_rng(0)
    rare = rng.random(400) < 0.08
    texts = [f"{'odd' if x or rng.random() < 0.2 else 'even'} case" for x in rare]
    labels = np.where(rare, "rare", "usual")
    counts = [
        np.mean(
            TextClassifier(model="bow", calibrate=False, **given)
            .fit(texts, labels, validation_data=(texts, labels))
            .predict(texts)
            == "rare"
        )
        for given in (settings, {})
    ]
    assert counts[0] > counts[1]


def test_class_weight_moves_the_boundary(two_words):
    heavy = fit_words(two_words, class_weight={"pos": 9.0}, settings={"calibrate": False})
    plain = fit_words(two_words, settings={"calibrate": False})
    increase = heavy.predict_proba(two_words[0])[:, 1] - plain.predict_proba(two_words[0])[:, 1]
    assert increase.mean() > 0.05


def test_multi_label_data_has_thresholds():
    texts = [f"{'red ' * (i % 2)}{'round ' * (i % 3 == 0)}thing {i}" for i in range(120)]
    labels = [["red"] * (i % 2) + ["round"] * (i % 3 == 0) for i in range(120)]
    classifier = TextClassifier(model="bow").fit(texts, labels)
    assert classifier.predict(["red round thing", "thing"]) == [["red", "round"], []]
    assert len(classifier.bundle_.thresholds) == 2


def test_learns_from_a_teacher_alone_and_against_the_labels(two_words):
    texts, labels = two_words
    is_good = np.arange(80) % 2 == 0
    soft = np.where(is_good[:, None], [0.1, 0.9], [0.9, 0.1])  # neg, pos
    unlabelled = [label if i < 8 else None for i, label in enumerate(labels)]
    validation = texts, ["pos" if good else "neg" for good in is_good]
    student = TextClassifier(model="bow").fit(texts, unlabelled, soft_labels=soft, validation_data=validation)
    assert student.score(*validation) == 1
    against = TextClassifier(model="bow", soft_label_weight=1.0)
    against.fit(texts, labels, soft_labels=1 - soft, validation_data=validation)
    assert against.score(*validation) == 0
    ignores = TextClassifier(model="bow", soft_label_weight=0.0)
    ignores.fit(texts, labels, soft_labels=1 - soft, validation_data=validation)
    assert ignores.score(*validation) == 1
