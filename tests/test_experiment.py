"""The workflows behind the commands, called from Python."""

import json

import pytest

from kerascnn.config import default_config
from kerascnn.experiment import run_pretraining, run_training
from kerascnn.utils.errors import InputError

SMALL = {
    "text": {"max_length": 32},
    "network": {"ngrams": [1], "linear_ngrams": [], "ngram_buckets": 512},
    "training": {"epochs": 1, "refit_rows": 0},
}  # fmt: skip


def bow_config(news_csv, output, **training):
    values = {**SMALL, "data": [str(news_csv)], "output": str(output), "training": {**SMALL["training"], **training}}
    return default_config("bow").replace_values(values, "test")


@pytest.fixture(scope="module")
def run(news_csv, tmp_path_factory):
    """The configuration, the result and the messages of a training."""
    config = bow_config(news_csv, tmp_path_factory.mktemp("run") / "news")
    messages = []
    return config, run_training(config, verbose=False, log=messages.append), messages


def test_training_returns_what_it_wrote(run):
    config, result, _ = run
    assert str(result.folder) == config.output and result.has_written
    assert result.metrics == json.loads((result.folder / "metrics.json").read_text(encoding="utf-8"))
    assert result.bundle.labels == ["business", "entertainment", "politics", "sports", "tech"]
    wrote, *steps = result.summary.splitlines()[-4:]
    assert wrote == f"wrote {result.folder}; next:" and (result.folder / "report.html").exists()
    for step, command in zip(steps, ("report.html", "pipelines.predict", "pipelines.export"), strict=True):
        assert command in step and str(result.folder) in step
    before, after = result.metrics["uncalibrated_ece"], result.metrics["validation"]["ece"]
    assert f"{before:.3f} before and {after:.3f} after calibration, which divides the logits by" in result.summary
    assert f"accuracy {result.metrics['test']['accuracy']:.4f}" in result.summary


def test_training_prints_nothing_and_logs_to_the_given_function(run, capfd):
    _, _, messages = run
    assert "240 training, 30 validation and 30 test rows" in messages
    assert capfd.readouterr() == ("", "")


def test_training_keeps_a_finished_bundle_unless_it_may_overwrite(run):
    config, result, _ = run
    with pytest.raises(InputError, match=r"exists already; .* overwrite=True"):
        run_training(config, verbose=False, log=lambda message: None)
    resumed = run_training(config, resume=True, verbose=False, log=lambda message: None)
    assert resumed.summary == f"{result.folder} is finished already"
    assert resumed.metrics == result.metrics and resumed.bundle is None and not resumed.has_written


def test_pretraining_rejects_transfer_before_any_work(tmp_path):
    config = default_config("word_cnn").replace_values(
        {"data": ["nowhere.csv"], "transfer": {"vectors": "glove.txt"}, "output": str(tmp_path / "out")}, "test"
    )
    from kerascnn.pretraining.config import MaskingConfig

    with pytest.raises(InputError, match="leave out the settings of transfer"):
        run_pretraining(config, MaskingConfig())
    assert list(tmp_path.iterdir()) == []
