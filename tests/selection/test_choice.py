"""TextClassifier(model="auto"): the model that it trains, and what it says about it."""

import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.classifier_data import prepare_data
from kerascnn.config import default_config
from kerascnn.selection import choice, choose_model
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
    best = max(facts["candidates"], key=lambda row: row["score"])
    expected = "bow" if best["difference"] > best["standard_error"] else "word_cnn"
    assert facts["model"] == chosen.bundle_.config.model == expected
    assert (facts["folds"], facts["metric"], facts["rows"]) == (3, "accuracy", 65)
    assert facts["reasons"][0] == "65 rows, 5 labels, English, 51 words a text; budget small"
    assert "cross-validated accuracy" in facts["reasons"][1]
    assert chosen.score(*news) > 0.6


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
