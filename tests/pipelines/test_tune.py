"""The tune command: searches with few trials of a tiny model."""

import csv
import json
import os
import re
import signal
import sys

import pytest

from kerascnn import config as configuration
from kerascnn import tuning
from tests.pipelines.conftest import command, process, start

SPACE = """\
network.filters: [2, 4]
network.kernel_sizes: [[1, 2], [2, 3], [3]]
training.learning_rate: {min: 1e-3, max: 1e-1, scale: log}
"""
TINY = (
    "--network.ngrams", "1", "--network.embedding-dim", "8", "--text.max-length", "32", "--epochs", "2",
    "--deterministic",
)  # fmt: skip
QUICK = (
    "--model", "bow", "--network.ngrams", "1", "--network.linear-ngrams", "--text.max-length", "32", "--epochs", "1",
    "--deterministic",
)  # fmt: skip


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def rows(folder):
    """Trials of a folder, without their seconds."""
    with open(folder / "trials.csv", encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def search(news_csv, tmp_path_factory):
    """Options, folder and output of a Bayesian search of four trials."""
    folder = tmp_path_factory.mktemp("tune")
    space = write(folder / "space.yaml", SPACE)
    options = ["--data", news_csv, "--space", space, "--trials", "4", "--seed", "3", *TINY]
    finished = command("tune", *options, "--output", folder / "tuned")
    assert finished.status == 0, finished.err
    return options, folder / "tuned", finished


def test_search_writes_table_plot_and_best_configuration(search):
    _, folder, finished = search
    trials = rows(folder)
    assert [row["trial"] for row in trials] == ["1", "2", "3", "4"]
    assert len({tuple(row.items())[1:4] for row in trials}) == 4, "nothing is tried twice"
    for row in trials:
        assert row["network.filters"] in ("2", "4")
        assert json.loads(row["network.kernel_sizes"]) in ([1, 2], [2, 3], [3])
        assert 1e-3 <= float(row["training.learning_rate"]) <= 1e-1
        assert 0 < float(row["accuracy"]) <= 1 and int(row["epochs"]) in (1, 2) and int(row["parameters"]) > 0
    assert (folder / "trials.png").read_bytes().startswith(b"\x89PNG")
    best = max(trials, key=lambda row: (float(row["accuracy"]), -float(row["loss"])))
    head, first = finished.out.splitlines()[:2]
    assert head.split()[:2] == ["trial", "accuracy"] and first.split()[0] == best["trial"]
    assert f"next: python -m pipelines.train --config {folder / 'best.yaml'}" in finished.out
    assert not list(folder.glob(".*")), "no partial file is left"


def test_best_configuration_reproduces_the_metrics_of_its_trial(search, tmp_path):
    _, folder, _ = search
    best = max(rows(folder), key=lambda row: (float(row["accuracy"]), -float(row["loss"])))
    config = configuration.config_from_dict(configuration.load_yaml(folder / "best.yaml"), "best.yaml")
    assert list(config.network.kernel_sizes) == json.loads(best["network.kernel_sizes"])
    assert (config.seed, config.training.epochs, config.text.max_length) == (3, 2, 32)
    assert os.path.split(config.output) == ("saved_models", "tuned-tuned")
    trained = command("train", "--config", folder / "best.yaml", "--output", tmp_path / "best", "--json")
    assert trained.status == 0, trained.err
    metrics = json.loads(trained.out)
    assert metrics["epochs"] == int(best["epochs"])
    assert metrics["parameters"] >= int(best["parameters"]), "the second training knows the words of all rows"
    for name in ("accuracy", "macro_f1", "loss", "ece"):
        assert metrics["validation"][name] == pytest.approx(float(best[name]), rel=1e-4)


@pytest.mark.full
def test_killed_search_resumes_to_the_same_trials(search, tmp_path):
    options, undisturbed, _ = search
    victim = start("tune", *options, "--output", tmp_path / "killed")
    for line in victim.stderr:
        if line.startswith("trial 3/4"):
            break
    os.kill(victim.pid, signal.SIGKILL)
    assert victim.wait() == -signal.SIGKILL
    assert len(rows(tmp_path / "killed")) == 2

    unasked = command("tune", *options, "--output", tmp_path / "killed")
    assert unasked.status == 1 and "holds a search; --resume continues it" in unasked.err
    other = command("tune", *options, "--network.dropout", "0.3", "--output", tmp_path / "killed", "--resume")
    assert other.status == 1 and "the search there had network.dropout 0.5, this one has 0.3" in other.err

    resumed = command("tune", *options, "--output", tmp_path / "killed", "--resume", "--json")
    assert resumed.status == 0, resumed.err
    assert "2 trials are finished already" in resumed.err
    assert "trial 2/4" not in resumed.err and "trial 3/4" in resumed.err
    assert rows(tmp_path / "killed") == rows(undisturbed)
    printed = json.loads(resumed.out)
    assert printed["trials"][0] == printed["best"]
    assert sorted(trial["number"] for trial in printed["trials"]) == [1, 2, 3, 4]


@pytest.mark.full
def test_seed_changes_trials_test_data_does_not_and_resume_adds_trials(news_csv, news, tmp_path):
    test = write(tmp_path / "test.csv", f"text,label\nA text that no one has seen,{news[1][0]}\n")
    space = write(tmp_path / "space.yaml", "training.learning_rate: {min: 1e-3, max: 1e-1, scale: log}\n")
    given = ("--data", news_csv, "--validation-data", news_csv, "--space", space, "--algorithm", "random")
    without = ("--source.test-fraction", "0")
    for name, more in {"with": ("--test-data", test), "without": without, "seed": (*without, "--seed", "1")}.items():
        finished = command("tune", *given, *more, "--trials", "1", "--output", tmp_path / name, *QUICK)
        assert finished.status == 0, finished.err
    assert rows(tmp_path / "with") == rows(tmp_path / "without")
    [first], [second] = rows(tmp_path / "with"), rows(tmp_path / "seed")
    assert first["training.learning_rate"] != second["training.learning_rate"]

    longer = ("--test-data", test, "--trials", "2", "--output", tmp_path / "with", *QUICK)
    more = command("tune", *given, *longer, "--resume")
    assert more.status == 0 and "trial 2/2" in more.err and "trial 1/" not in more.err
    assert rows(tmp_path / "with")[0] == first
    anew = command("tune", *given, *longer, "--overwrite")
    assert anew.status == 0 and "trial 1/2" in anew.err


@pytest.mark.full
def test_hyperband_trains_the_best_short_trainings_longer(news_csv, tmp_path):
    space = write(tmp_path / "space.yaml", "training.learning_rate: {min: 1e-3, max: 1e-1, scale: log}\n")
    finished = command(
        "tune", "--data", news_csv, "--space", space, "--algorithm", "hyperband", "--trials", "4",
        "--objective", "loss", "--output", tmp_path / "tuned", *QUICK, "--epochs", "3",
    )  # fmt: skip
    assert finished.status == 0, finished.err
    trials = rows(tmp_path / "tuned")
    epochs = [int(row["training.epochs"]) for row in trials]
    assert epochs == [1, 1, 1, 3] and [int(row["epochs"]) for row in trials] == epochs
    first = min(trials[:3], key=lambda row: float(row["loss"]))
    assert trials[3]["training.learning_rate"] == first["training.learning_rate"]
    best = configuration.load_yaml(tmp_path / "tuned" / "best.yaml")
    ranked = sorted(trials, key=lambda row: float(row["loss"]))
    assert best["training"]["epochs"] == int(ranked[0]["training.epochs"])


@pytest.mark.full
def test_search_continues_after_a_failed_trial(news_csv, tmp_path):
    space = write(tmp_path / "space.yaml", "training.sampling: [balanced]\ntraining.class_weights: [none, balanced]\n")
    given = ("--data", news_csv, "--space", space, *QUICK)
    finished = command("tune", *given, "--trials", "9", "--output", tmp_path / "tuned")
    assert finished.status == 0, finished.err
    assert "failed: the settings: training: class_weights balanced and sampling balanced" in finished.err
    assert "1 of 2 trials failed, see" in finished.out
    trials = rows(tmp_path / "tuned")
    assert len(trials) == 2, "there are no more settings to try"
    [failed] = [row for row in trials if row["error"]]
    assert (failed["training.sampling"], failed["training.class_weights"], failed["accuracy"]) == ("balanced",) * 2 + (
        "",
    )

    space = write(tmp_path / "hopeless.yaml", "network.filters: {min: 2, max: 90}\n")
    hopeless = command(
        "tune", "--data", news_csv, "--space", space, "--training.tensorboard", "--output", tmp_path / "hopeless"
    )
    assert hopeless.status == 1
    assert "5 trials in a row failed, the last one with: training.tensorboard needs" in hopeless.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("network.filtres: [2]", "network.filtres'; did you mean 'filters'?"),
        ("filters: [2]", "'filters' cannot be searched; .* did you mean 'network.filters'?"),
        ("network: {filters: [2]}", "'network' is a group of settings"),
        ("source.encoding: [utf-8]", "'source.encoding' cannot be searched"),
        ("network.filters: 2", "network.filters: 2 is a single value; give choices .* --network.filters"),
        ("network.filters: []", "network.filters: no choices"),
        ("network.filters: [2, 2]", "network.filters: 2 is listed twice"),
        ("network.filters: [2, 0]", "space.yaml: network: filters: 0 is below 1"),
        ("network.filters: [2, many]", "filters: 'many'"),
        ("network.filters: {min: 2, max: 9.5}", "filters: 9.5"),
        ("network.dropout: {min: 0.2, max: 1.5}", "dropout: 1.5 is not below 1"),
        ("network.dropout: {min: 0.2, max: 0.1}", "min 0.2 is not below max 0.1"),
        ("network.dropout: {min: 0.2}", "network.dropout: max is None; give"),
        ("network.dropout: {mim: 0.2, max: 0.4}", "a range has no 'mim'; did you mean 'min'?"),
        ("network.dropout: {min: 0, max: 0.5, scale: log}", "scale log needs min above 0"),
        ("network.dropout: {min: 0.1, max: 0.5, step: 1}", "step 1 is not between"),
        ("network.kernel_sizes: {min: 1, max: 3}", "list choices instead of a range"),
        ("- network.filters", "expected settings as"),
        ("", "expected settings as"),
    ],
)  # fmt: skip
def test_rejects_invalid_space(space, message, news_csv, tmp_path):
    path = write(tmp_path / "space.yaml", space)
    refused = command("tune", "--data", news_csv, "--space", path, "--output", tmp_path / "tuned")
    assert refused.status == 1 and refused.err.count("\n") == 1
    assert refused.err.startswith(f"error: {path}: ")

    assert re.search(message.replace("?", r"\?"), refused.err), refused.err
    assert not (tmp_path / "tuned").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "bow"], "--space is missing; bow has no default space (only char_cnn, id_cnn, word_cnn have one)"),
        (["--space", "nowhere.yaml"], "nowhere.yaml: no such file"),
        (["--source.validation-fraction", "0"], "a search needs validation rows"),
        (["--output", "."], "exists and is not a search"),
    ],
    ids=["no space", "missing space", "no validation rows", "folder of other files"],
)
def test_input_errors_are_one_line_and_status_1(options, message, news_csv, tmp_path):
    output = [] if "--output" in options else ["--output", tmp_path / "tuned"]
    refused = command("tune", "--data", news_csv, *options, *output)
    assert refused.status == 1
    assert refused.err.splitlines()[-1].startswith("error: ") and message in refused.err.splitlines()[-1]
    assert not (tmp_path / "tuned").exists()


def test_hyperband_rejects_epochs_in_the_space(news_csv, tmp_path):
    path = write(tmp_path / "space.yaml", "training.epochs: [1, 2]")
    options = ("--data", news_csv, "--space", path, "--algorithm", "hyperband", "--output", tmp_path / "tuned")
    refused = command("tune", *options)
    assert refused.status == 1 and "training.epochs is chosen by hyperband" in refused.err


def test_names_the_extra_without_keras_tuner(news_csv, tmp_path, monkeypatch):
    for module in ("oracles", "search"):
        monkeypatch.delitem(sys.modules, f"kerascnn.tuning.{module}", raising=False)
        monkeypatch.delattr(tuning, module, raising=False)
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    refused = command("tune", "--data", news_csv, "--output", tmp_path / "tuned")
    assert refused.status == 1 and 'pip install "kerascnn[tune]"' in refused.err
    assert not (tmp_path / "tuned").exists()


@pytest.mark.full
def test_search_runs_as_a_process(news_csv, tmp_path):
    finished = process(
        "tune", "--data", news_csv, "--model", "char_cnn", "--trials", "3", "--epochs", "1", "--output",
        tmp_path / "tuned", "--text.max-length", "32",
    )  # fmt: skip
    assert finished.status == 0, finished.err
    assert len(rows(tmp_path / "tuned")) == 3 and "WARNING" not in finished.err
