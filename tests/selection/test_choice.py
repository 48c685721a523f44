"""TextClassifier(model="auto"): the model that it trains, and what it says about it."""

import dataclasses

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.classifier_data import prepare_data
from kerascnn.config import default_config
from kerascnn.selection import choice, choose_model
from kerascnn.selection.cross_validation import Predictions
from kerascnn.utils.errors import InputError

FEW_EPOCHS = {"epochs": 2, "refit_rows": 0}


@pytest.fixture(scope="module")
def chosen(news):
    """A classifier that chose its model by cross-validation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "FOLDS", 3)
        return TextClassifier(model="auto", **FEW_EPOCHS).fit(news[0][::4], news[1][::4])


def test_few_rows_choose_by_cross_validation(chosen, news):
    facts = chosen.bundle_.metrics["selection"]
    assert [row["name"] for row in facts["candidates"]] == ["word_cnn", "bow"]
    assert facts["model"] == chosen.bundle_.config.model
    default, other = facts["candidates"]
    assert other["difference"] == pytest.approx(other["score"] - default["score"], abs=1e-4)
    assert (facts["folds"], facts["metric"], facts["rows"]) == (3, "accuracy", 65)
    assert facts["reasons"][0] == "65 rows, 5 labels, English, 51 words a text; budget small"
    assert "cross-validated accuracy" in facts["reasons"][1]
    assert chosen.score(*news) > 0.6


@pytest.fixture
def trained_in_folds(monkeypatch):
    """Models to the fraction of rows that they predict, and the runs of the folds, which are not trained."""
    accuracy, runs = {}, []

    def predict(config, data, folds, optimizer):
        runs.append(config)
        tested = [i for fold in folds for i in fold.test]
        targets = data.targets[tested]
        is_right = np.arange(len(tested)) < accuracy[config.model] * len(tested)
        return Predictions(targets, np.where(is_right, targets, (targets + 1) % 5), 1.0 - is_right, 1.0)

    monkeypatch.setattr(choice, "cross_validate", predict)
    return accuracy, runs


def choose(news, **network):
    config = default_config("auto").replace_values({"network": network}, "test")
    data = prepare_data(config, *news, validation_data=(news[0][:5], news[1][:5]))
    messages = []
    return choose_model(config, data, log=messages.append), messages


@pytest.mark.parametrize(
    ("of_bow", "model", "reason"),
    [
        (0.9, "bow", "bow: cross-validated accuracy 0.9000, +0.4000 against word_cnn, the default, with a standard"),
        (0.5, "word_cnn", "word_cnn: cross-validated accuracy 0.5000; bow has +0.0000 with a standard error of 0.0"),
        (0.1, "word_cnn", "word_cnn: cross-validated accuracy 0.5000; bow has -0.4000 with a standard error of 0.0"),
    ],
)
def test_the_default_is_replaced_by_a_clearly_better_model(of_bow, model, reason, trained_in_folds, news):
    trained_in_folds[0].update(word_cnn=0.5, bow=of_bow)
    found, _ = choose(news)
    assert found.config.model == found.facts["model"] == model
    assert found.facts["reasons"][1].startswith(reason)
    assert [row["score"] for row in found.facts["candidates"]] == [0.5, of_bow]


def test_a_frozen_encoder_is_compared_and_the_chosen_one_is_trained(trained_in_folds, news, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    accuracy, runs = trained_in_folds
    accuracy.update(word_cnn=0.5, bow=0.5, sentence_transformer=0.9, sentence_cnn=0.7)
    found, messages = choose(news, budget="accurate")
    compared = {run.model: run for run in runs}
    assert compared["sentence_transformer"].transfer.freeze == compared["sentence_cnn"].transfer.freeze == ("encoder",)
    assert found.config == dataclasses.replace(
        default_config("sentence_transformer"), **{name: getattr(found.config, name) for name in ("data", "output")}
    )
    assert "accuracy 0.9000 with its encoder frozen, +0.4000 against word_cnn" in found.facts["reasons"][1]
    assert "  sentence_cnn with its encoder frozen: accuracy 0.7000 (1 s), usually a lower bound" in messages
    frozen = [row["name"] for row in found.facts["candidates"] if row.get("frozen_encoder")]
    assert frozen == ["sentence_transformer", "sentence_cnn"]


def test_a_bundle_has_the_chosen_model_and_the_reasons(chosen, tmp_path):
    chosen.save(tmp_path / "bundle")
    loaded = load(tmp_path / "bundle")
    assert loaded.get_params()["model"] == chosen.bundle_.config.model
    assert chosen.get_params()["model"] == "auto"
    for name in ("README.md", "report.html"):
        text = (tmp_path / "bundle" / name).read_text(encoding="utf-8")
        assert "cross-validated accuracy" in text and "3-fold cross-validation" in text


def test_many_rows_choose_by_rules(reviews_zh, monkeypatch):
    def train(*arguments):
        raise AssertionError("no cross-validation")

    monkeypatch.setattr(choice, "FEW_ROWS", 100)
    monkeypatch.setattr(choice, "cross_validate", train)
    classifier = TextClassifier(model="auto", **FEW_EPOCHS).fit(*reviews_zh)
    assert classifier.bundle_.config.model == "char_cnn"
    reason = classifier.bundle_.metrics["selection"]["reasons"][1]
    assert reason == "char_cnn: more than 2,000 rows without spaces between words, the default"


def test_very_few_rows_have_the_default_and_verbose_fit_says_so(news, capsys):
    classifier = TextClassifier(model="auto", **FEW_EPOCHS).fit(news[0][::20], news[1][::20], verbose=True)
    assert (
        classifier.bundle_.metrics["selection"]["reasons"][1]
        == "word_cnn: fewer than 50 rows to compare models on, the default"
    )
    assert "model auto chooses word_cnn: fewer than 50 rows" in capsys.readouterr().err


def test_labels_that_are_too_rare_to_be_tested_leave_the_default(news):
    data = prepare_data(
        default_config("auto"), news[0], [str(i // 2) for i in range(300)], validation_data=(news[0][:1], ["0"])
    )
    found = choose_model(default_config("auto"), data, log=lambda message: None)
    assert found.config.model == "word_cnn" and "to compare models on" in found.facts["reasons"][1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_length": 7}, "text.max_length: model auto chooses the text settings"),
        ({"filters": 7}, "auto has no setting 'filters'; its own are budget"),
        ({"budget": "tiny"}, "budget: 'tiny'"),
        ({"strategy": "multi_worker"}, "each process would choose a model"),
    ],
)
def test_settings_of_a_model_are_rejected(settings, message, news):
    with pytest.raises(InputError, match=message):
        TextClassifier(model="auto", **settings).fit(*news)


def test_soft_labels_are_rejected(news):
    with pytest.raises(InputError, match="model auto does not choose a student"):
        TextClassifier(model="auto").fit(*news, soft_labels=np.full((300, 5), 0.2))


def test_auto_is_not_a_model_that_can_be_built():
    with pytest.raises(InputError, match="a model is chosen when"):
        default_config("auto").network.build(vocabulary_size=9, num_classes=2)
