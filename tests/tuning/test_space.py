"""Read search spaces and draw settings from them."""

import random

import pytest

from kerascnn import config as configuration
from kerascnn.tuning import space as spaces
from pipelines.tune import SPACES


def read(text, tmp_path, model="word_cnn"):
    path = tmp_path / "space.yaml"
    path.write_text(text, encoding="utf-8")
    return spaces.read_space(path, configuration.default_config(model))


def draw_settings(space, count=300):
    """Return random settings, drawn by KerasTuner."""
    keras_tuner = pytest.importorskip("keras_tuner")
    hyperparameters = keras_tuner.HyperParameters()
    space.declare(hyperparameters)
    order = random.Random(0)
    return [
        space.to_settings({hp.name: hp.random_sample(order.random()) for hp in hyperparameters.space})
        for _ in range(count)
    ]


def test_steps_include_both_ends_without_rounding_errors(tmp_path):
    space = read(
        "network.dropout: {min: 0.1, max: 0.6, step: 0.1}\nnetwork.filters: {min: 8, max: 64, step: 8}", tmp_path
    )
    found = draw_settings(space)
    assert sorted({settings["network.dropout"] for settings in found}) == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert {settings["network.filters"] for settings in found} == set(range(8, 65, 8))


def test_ranges_keep_bounds_and_types(tmp_path):
    text = (
        "training.learning_rate: {min: 1e-4, max: 1e-2, scale: log}\ntext.max_length: {min: 16, max: 512, scale: log}\n"
    )
    found = draw_settings(
        read(text + "network.dropout: {min: 0, max: 0.5}\ntraining.patience: {min: 1, max: 3}", tmp_path)
    )
    rates = [settings["training.learning_rate"] for settings in found]
    assert min(rates) >= 1e-4 and max(rates) <= 1e-2
    assert sum(rate < 1e-3 for rate in rates) == pytest.approx(150, abs=40), "half of the values are below the middle"
    assert {type(settings["text.max_length"]) for settings in found} == {int}
    assert {type(settings["network.dropout"]) for settings in found} == {float}
    assert {settings["training.patience"] for settings in found} == {1, 2, 3}


def test_range_clips_values_above_upper_end():
    assert spaces.Range(16, 512, log=True).to_setting(513) == 512
    assert spaces.Range(0.1, 0.33333, log=False).to_setting(0.33333) == 0.3333


def test_choices_can_be_lists_strings_and_exponents_without_point(tmp_path):
    text = "network.kernel_sizes: [[3, 4, 5], [2]]\nnetwork.pooling: [max, both]\ntraining.learning_rate: [1e-3, 1e-2]"
    found = draw_settings(read(text, tmp_path))
    assert {tuple(settings["network.kernel_sizes"]) for settings in found} == {(3, 4, 5), (2,)}
    assert {settings["network.pooling"] for settings in found} == {"max", "both"}
    assert {settings["training.learning_rate"] for settings in found} == {0.001, 0.01}
    run = spaces.apply_settings(configuration.default_config("word_cnn"), found[0], "test")
    assert run.network.kernel_sizes == tuple(found[0]["network.kernel_sizes"])
    assert run.training.learning_rate == found[0]["training.learning_rate"]


@pytest.mark.parametrize("path", sorted(SPACES.glob("*.yaml")), ids=lambda path: path.stem)
def test_default_space_is_valid_for_its_model(path):
    run = configuration.default_config(path.stem)
    for settings in draw_settings(spaces.read_space(path, run), 20):
        assert spaces.apply_settings(run, settings, path.name) != run
