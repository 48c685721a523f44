"""``--model auto`` of the commands."""

import json
from pathlib import Path

import pytest

from kerascnn import config as configuration
from tests.pipelines.conftest import command

FAST = ("--model", "auto", "--budget", "fast", "--epochs", "1", "--training.refit-rows", "0")


@pytest.fixture(scope="module")
def automatic(news_csv, tmp_path_factory):
    """A bundle of a chosen model, and the output of the command."""
    folder = tmp_path_factory.mktemp("auto") / "news"
    lines = Path(news_csv).read_text(encoding="utf-8").splitlines(keepends=True)
    few = folder.with_name("few.csv")
    few.write_text("".join([lines[0], *lines[1::10]]), encoding="utf-8")
    finished = command("train", *FAST, "--data", few, "--output", folder, "--json")
    assert finished.status == 0, finished.err
    return folder, finished


def test_train_chooses_a_model_and_says_why(automatic):
    folder, finished = automatic
    facts = json.loads(finished.out)["selection"]
    run = configuration.config_from_dict(configuration.load_yaml(folder / "config.yaml"), "config.yaml")
    assert run.model == facts["model"] == "word_cnn"
    assert run.training.epochs == 1
    assert "model auto, budget fast: 20 rows, 5 labels, English" in finished.err
    assert f"model auto chooses {facts['reasons'][1]}" in finished.err
    assert f"model auto chose {facts['reasons'][1]}" in finished.err.splitlines()[-10:]
    assert "the default" in (folder / "report.html").read_text(encoding="utf-8")
    assert not folder.with_name("news.training").exists()


@pytest.mark.parametrize(
    ("verb", "options", "message"),
    [
        ("train", ["--text.max-length", "9"], "text.max_length: model auto chooses the text settings with the model"),
        ("train", ["--teacher", "a.csv"], "distillation.teacher: model auto does not choose a student"),
        ("distill", ["--teacher", "bow"], "a student: model auto is for python -m pipelines.train"),
        ("tune", ["--space", "word_cnn"], "a search: model auto is for python -m pipelines.train"),
        ("pretrain", [], "pretraining: model auto is for python -m pipelines.train"),
        ("audit", [], "an audit: model auto is for python -m pipelines.train"),
    ],
)
def test_input_errors_are_one_line_and_status_1(verb, options, message, news_csv, tmp_path):
    output = [] if verb == "audit" else ["--output", tmp_path / "out"]
    finished = command(verb, "--model", "auto", "--data", news_csv, *options, *output)
    assert finished.status == 1, finished.err
    assert finished.err.splitlines()[-1].startswith("error: ") and message in finished.err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_network_are_unknown_options(news_csv):
    assert command("train", "--model", "auto", "--data", news_csv, "--network.filters", "9").status == 2


def test_list_of_models_has_auto():
    assert "a choice from rows, language and installed packages" in command("train", "--list-models").out
