"""Which models are candidates for which data."""

import dataclasses
import re

import pytest

from kerascnn.config import default_config
from kerascnn.selection import candidates
from kerascnn.selection.candidates import CANDIDATES, build_config, list_candidates, prefer
from kerascnn.selection.data_profile import DataProfile
from kerascnn.utils.errors import InputError

ENGLISH = DataProfile.measure(["What is the capital of Peru ?"] * 50, 6)
CHINESE = DataProfile.measure(["价格连续第三个月上涨"] * 50, 2)
RUSSIAN = DataProfile.measure(["Цены растут третий месяц подряд"] * 50, 2)
GREEK = DataProfile.measure(["Οι τιμές ανεβαίνουν για τρίτο μήνα"] * 50, 2)

ENGLISH_AND_RUSSIAN = DataProfile.measure(["What is the capital of Peru ?", "Цены растут третий месяц подряд"] * 25, 2)
ENGLISH_AND_GREEK = DataProfile.measure(["What is the capital of Peru ?", "Οι τιμές ανεβαίνουν"] * 25, 2)


def auto(**groups):
    return default_config("auto").replace_values(groups, "test")


def names(profile, **groups):
    found, _ = list_candidates(auto(**groups), profile)
    return [run.candidate.name for run in found]


def test_the_default_is_a_word_model_for_words_and_a_character_model_without_spaces():
    assert names(ENGLISH)[0] == "word_cnn" and "char_cnn" not in names(ENGLISH)
    assert names(CHINESE)[0] == "char_cnn" and "word_cnn" not in names(CHINESE)


def test_candidates_keep_the_settings_of_the_run():
    config = auto(seed=3, training={"epochs": 2, "label_smoothing": 0.0}, source={"split_seed": 4})
    for run in list_candidates(config, ENGLISH)[0]:
        assert run.config.model == run.candidate.model and run.config.seed == 3
        assert (run.config.training.epochs, run.config.training.label_smoothing) == (2, 0.0)
        assert run.config.source == config.source and run.config.text.max_tokens == 50_000


def test_candidates_that_cannot_use_a_setting_are_left_out_with_the_reason():
    found, left_out = list_candidates(auto(training={"tensorboard": True}), ENGLISH)
    assert "bow" not in [run.candidate.name for run in found]
    assert left_out["bow"].startswith("training.tensorboard: bow is solved")


@pytest.mark.parametrize(
    ("changes", "profile", "obstacle"),
    [
        ({"packages": ("json",)}, ENGLISH, ""),
        ({"english_only": True}, CHINESE, "the texts are not English"),
        ({"model": "sentence_cnn"}, GREEK, "it does not know Greek"),
        ({"model": "sentence_cnn"}, ENGLISH_AND_RUSSIAN, ""),
        ({"model": "sentence_cnn"}, ENGLISH_AND_GREEK, "it does not know Greek"),
        ({"max_words": 5}, ENGLISH, "it reads texts of up to about 5 words"),
        ({"max_words": 5}, CHINESE, ""),
        ({"preferred": True}, dataclasses.replace(ENGLISH, rows=200_000), "more than 100,000 rows"),
    ],
)
def test_obstacles(changes, profile, obstacle):
    assert dataclasses.replace(CANDIDATES[0], **changes).find_obstacle(profile) == obstacle


@pytest.mark.parametrize("budget", ["small", "fast", "accurate"])
@pytest.mark.parametrize("profile", [ENGLISH, CHINESE])
def test_every_candidate_is_a_valid_run(budget, profile):
    found, _ = list_candidates(auto(network={"budget": budget}), profile)
    assert len(found) >= 2
    for candidate in CANDIDATES:
        build_config(auto(), candidate)


def test_much_text_is_solved_if_it_must_be_fast():
    many = dataclasses.replace(ENGLISH, rows=100_000, characters=10 * candidates.FAST_CHARACTERS)
    runs, _ = list_candidates(auto(network={"budget": "fast"}), many)
    assert prefer(runs, many, "fast")[0].candidate.name == "bow"
    assert prefer(runs, many, "small")[0].candidate.name == "word_cnn"
    fewer = dataclasses.replace(many, characters=1000)
    assert prefer(runs, fewer, "fast")[0].candidate.name == "word_cnn"


@pytest.mark.parametrize(
    ("profile", "budget", "chosen"),
    [
        (ENGLISH, "accurate", "hub_cnn, fine-tuned"), (CHINESE, "accurate", "sentence_cnn"),
        (RUSSIAN, "accurate", "sentence_cnn"), (GREEK, "accurate", "word_cnn"), (ENGLISH, "small", "word_cnn"),
    ],
)  # fmt: skip
def test_many_rows_prefer_a_pretrained_encoder_if_the_budget_allows_it(profile, budget, chosen, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    many = dataclasses.replace(profile, rows=10_000)
    runs, left_out = list_candidates(auto(network={"budget": budget}), many)
    assert prefer(runs, many, budget)[0].candidate.name == chosen
    assert (left_out.get("sentence_cnn") == "it does not know Greek") == (profile is GREEK)


def test_missing_packages_are_named_with_their_remedy(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    _, left_out = list_candidates(auto(network={"budget": "accurate"}), ENGLISH)
    vectors = {"word_cnn with wordllama", "bow with wordllama"}
    assert {*left_out} == {"sentence_transformer", "sentence_cnn", *vectors}
    assert all(re.fullmatch(r"the package \w+ is not installed; pip install .+", why) for why in left_out.values())


def test_few_rows_do_not_repeat_long_trainings(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    found = names(ENGLISH, network={"budget": "accurate"})
    vectors = ["word_cnn with wordllama", "bow with wordllama"]
    assert found == ["word_cnn", "bow", *vectors, "sentence_transformer", "sentence_cnn"]
    assert names(ENGLISH, network={"budget": "fast"}) == ["word_cnn", "bow", *vectors]
    own = {"network": {"budget": "fast"}, "transfer": {"vectors": "glove.txt"}}
    assert names(ENGLISH, **own) == ["word_cnn", "bow"]


def test_only_in_folds_the_encoders_of_sentence_vectors_are_frozen(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    config = auto(network={"budget": "accurate"}, transfer={"contrastive": "always", "layerwise_lr_decay": 0.5})
    runs = {run.candidate.name: run for run in list_candidates(config, ENGLISH)[0]}
    for name in ("sentence_transformer", "sentence_cnn"):
        run = runs[name]
        assert (run.fold_config.transfer.freeze, run.fold_config.transfer.contrastive) == (("encoder",), "never")
        assert (run.config.transfer.freeze, run.config.transfer.contrastive) == ((), "always")
    transformer = runs["sentence_transformer"]
    assert transformer.config.network.fine_tune and not transformer.fold_config.network.fine_tune
    default = list_candidates(auto(), ENGLISH)[0][0]
    assert default.fold_config == default.config


def test_settings_that_no_candidate_can_use_are_an_error(monkeypatch):
    monkeypatch.setattr(candidates, "CANDIDATES", tuple(c for c in CANDIDATES if c.model == "bow"))
    with pytest.raises(InputError, match=r"no model suits these settings; training\.tensorboard"):
        list_candidates(auto(training={"tensorboard": True}), ENGLISH)
