"""Behavior of all commands: the name in the help, exit codes, Ctrl-C, the encoding of the output."""

import contextlib
import io
import os
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from kerascnn.config import Config, default_config
from kerascnn.utils.errors import InputError
from pipelines import command
from pipelines.__main__ import COMMANDS, dispatch
from pipelines.benchmark import COMMAND as BENCHMARK
from pipelines.options import read_options, subcommands
from tests.pipelines.conftest import ROOT, SMALL, start
from tests.pipelines.conftest import command as run_command


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.mark.parametrize("program", ["python -m kerascnn", "python -m pipelines"])
def test_help_of_the_program_lists_all_commands_under_the_typed_name(program):
    finished = python(*program.split()[1:], "--help")
    assert finished.returncode == 0
    assert finished.stdout.startswith(f"usage: {program} COMMAND [OPTIONS]\n")
    assert all(f"\n  {name} " in finished.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "prog"),
    [
        (["-m", "kerascnn", "find-threshold"], "python -m kerascnn find-threshold"),
        (["-m", "pipelines", "evaluate"], "python -m pipelines evaluate"),
        (["-m", "pipelines.evaluate"], "python -m pipelines.evaluate"),
        (["-c", "import sys; sys.argv[0] = 'kerascnn'; from kerascnn.__main__ import main; main()", "evaluate"],
         "kerascnn evaluate"),
        (["-m", "pipelines.benchmark"], "python -m pipelines.benchmark"),
    ],
)  # fmt: skip
def test_help_of_a_verb_shows_the_typed_name(arguments, prog):
    finished = python(*arguments, "--help")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(f"usage: {prog} [")


WITH_ALL_SETTINGS = ("train", "audit", "pretrain", "tune", "distill")


@pytest.mark.parametrize("option", ["--help", "--help-all"])
@pytest.mark.parametrize("name", [*COMMANDS, *(f"benchmark {part}" for part in subcommands(BENCHMARK))])
def test_help_names_kinds_of_values_and_no_empty_defaults(name, option):
    name, *member = name.split()
    finished = run_command(name.replace("-", "_"), *member, option)
    assert finished.status == 0, finished.err
    assert "STR" not in finished.out and "(default: )" not in finished.out and "False" not in finished.out
    assert finished.out.startswith(f"usage: python -m pipelines.{name.replace('-', '_')} ")


@pytest.mark.parametrize("name", WITH_ALL_SETTINGS)
def test_help_has_options_with_short_names_and_help_all_every_setting(name):
    short, full = (run_command(name, option).out for option in ("-h", "--help-all"))
    assert all(f" --{option} " in short for option in ("data", "model", "text-column", "epochs", "config", "help-all"))
    assert short.count("\n| --") + short.count("\n│ --") < 35 and "--training." not in short
    settings = [".".join(option.path) for option in read_options(Config, vars(default_config()))]
    assert all(
        f"--{setting.replace('_', '-')}"
        in full.replace("--training.no-", "--training.").replace("--network.no-", "--network.")
        for setting in settings
    )


def test_help_of_a_model_has_its_settings():
    assert "--budget" in run_command("train", "--model", "auto", "--help").out
    assert "--network.kernel-sizes" in run_command("train", "--model", "word_cnn", "--help-all").out


def test_unknown_verb_exits_with_2_and_suggests_the_right_one():
    finished = python("-m", "kerascnn", "trian")
    assert finished.returncode == 2 and finished.stdout == ""
    assert finished.stderr == "error: no command is called 'trian'; did you mean 'train' or 'pretrain'?\n"


@pytest.mark.parametrize(
    ("words", "start"),
    [
        (["help"], "usage: kerascnn COMMAND"),
        (["--help-all"], "usage: kerascnn COMMAND"),
        ([], "usage: kerascnn COMMAND"),
        (["help", "find-threshold"], "usage: kerascnn find-threshold "),
        (["find_threshold", "--help"], "usage: kerascnn find-threshold "),
    ],
)
def test_help_in_other_words(words, start, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["kerascnn", *words])
    with contextlib.suppress(SystemExit):
        dispatch("kerascnn")
    assert capsys.readouterr().out.startswith(start)


def test_short_help_of_predict_has_no_options_of_labels():
    shown = run_command("predict", "--help").out
    assert "--text-column" in shown and "--label-separator" in shown
    assert "--label-column" not in shown.replace("--label-separator", "")
    assert "--source.label-column" in run_command("predict", "--help-all").out


def test_version_of_the_program():
    from importlib.metadata import version

    assert {python("-m", "kerascnn", option).stdout for option in ("--version", "-V")} == {f"{version('kerascnn')}\n"}


@pytest.mark.parametrize(("signal_number", "status"), [
    (signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.full),
])  # fmt: skip
def test_interrupted_training_keeps_its_state_and_names_resume(signal_number, status, news_csv, tmp_path):
    settings = ("--epochs", "50", "--training.patience", "50", *SMALL)
    # a shell that runs the tests in the background has SIGINT ignored, which processes inherit
    started = start(
        "train", "--data", news_csv, "--output", tmp_path / "news", *settings,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    for line in started.stderr:
        if line.startswith("epoch 1/50"):
            break
    started.send_signal(signal_number)
    _, err = started.communicate(timeout=120)
    assert started.returncode == status
    assert (tmp_path / "news.training").is_dir()
    assert err.splitlines()[-1] == "interrupted; to continue, run the same command with --resume"
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("news.csv, row 7: no label"), "error: news.csv, row 7: no label", ""),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (KeyboardInterrupt("add --resume"), 130, "interrupted; add --resume\n"),
        (command.Termination("add --resume"), 143, "interrupted; add --resume\n"),
        (OSError(28, "No space left on device"), "error: No space left on device", ""),
        (PermissionError(13, "Permission denied", "a.csv"), "error: a.csv: Permission denied", ""),
    ],
)
def test_errors_and_ctrl_c_become_one_line_and_a_status(error, status, message, capsys):
    def main():
        raise error

    with pytest.raises(SystemExit) as ended:
        command.run(main)
    assert ended.value.code == status
    assert capsys.readouterr().err == message


def test_second_run_into_an_output_is_rejected_at_its_start(news_bundle, news_csv, tmp_path):
    bundle, rows, labelled = tmp_path / "bundle", tmp_path / "rows", tmp_path / "labelled.csv"
    rows.mkdir()
    shutil.copy(news_csv, rows)
    runs = {
        bundle: ("train", "--data", "missing.csv", "--output", bundle),
        tmp_path / "encoder": ("pretrain", "--data", "missing.csv", "--output", tmp_path / "encoder"),
        tmp_path / "bundle-teacher": ("distill", "--data", "missing.csv", "--teacher", "bow", "--output", bundle),
        tmp_path / "search": ("tune", "--data", "missing.csv", "--output", tmp_path / "search"),
        news_bundle[0]: ("export", news_bundle[0], "--format", "saved_model"),
        labelled: ("predict", "missing", "--input", news_csv, "--output", labelled),
        tmp_path / "scored": ("predict", news_bundle[0], "--input", rows, "--output", tmp_path / "scored"),
        tmp_path / "accuracy.csv": ("benchmark", "accuracy", "--output", tmp_path / "accuracy.csv"),
    }
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCK_ALL, *map(str, runs)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    for output, (name, *options) in runs.items():
        finished = run_command(name, *options)
        assert finished.status == 1
        assert finished.err == (
            f"error: {output}: process {holder.pid} on {socket.gethostname()} is writing it; wait for its end, or"
            " choose another output\n"
        )
    holder.communicate()


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("predict", ("BUNDLE", "--input", "missing.csv"), "no file or folder 'missing.csv'"),
        ("predict", ("BUNDLE", "--input", "DATA", "--text-column", "body"), "no column 'body'"),
        ("predict", ("BUNDLE", "--input", "DATA", "--output", "missing/a.csv"), "there is no folder missing"),
        ("evaluate", ("BUNDLE", "--data", "DATA", "--mistakes", "missing/a.csv"), "there is no folder missing"),
        ("export", ("BUNDLE", "--format", "tflite", "--quantize", "int8", "--calibration-data", "missing.csv"),
         "no file or folder 'missing.csv'"),
        ("train", ("--data", "DATA", "--output", "FILE/bundle"), "FILE is a file"),
        ("train", ("--data", "DATA", "--output", "new", "--text.stop-words", "missing"), "stop words cannot be read"),
        ("train", ("--data", "DATA", "--output", "new", "--teacher", "missing"), "no such file or folder"),
        ("train", ("--data", "DATA", "--init-from", "missing"), "--init-from 'missing': not a bundle"),
        ("tune", ("--data", "DATA", "--output", "FILE/search"), "FILE is a file"),
        ("distill", ("--data", "DATA", "--teacher", "FILE", "--output", "new"), "FILE: unknown format"),
        ("benchmark", ("accuracy", "--output", "missing/a.csv"), "there is no folder missing"),
    ],
)  # fmt: skip
def test_paths_are_checked_before_tensorflow_starts(name, options, complaint, news_bundle, news_csv, tmp_path):
    (tmp_path / "FILE").write_text("")
    given = {"BUNDLE": str(news_bundle[0]), "DATA": str(news_csv)}
    with pytest.MonkeyPatch.context() as patch:
        for module in (
            "pipelines.predict",
            "pipelines.evaluate",
            "pipelines.export",
            "kerascnn.experiment.training_run",
        ):
            patch.setattr(f"{module}.start_tensorflow", lambda: pytest.fail("TensorFlow starts"))
        finished = run_command(name, *(given.get(option, option) for option in options), cwd=tmp_path)
    assert finished.status == 1
    assert complaint in finished.err.replace(f"{tmp_path}/", "") and finished.err.startswith("error: ")
    assert finished.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["FILE"]


LOCK_ALL = """
import contextlib, sys
from pathlib import Path
from kerascnn.utils.output_lock import lock_output

with contextlib.ExitStack() as locks:
    for path in sys.argv[1:]:
        locks.enter_context(lock_output(Path(path)))
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("backend", ["jax", "nonsense", pytest.param("torch", marks=pytest.mark.full)])
def test_other_backends_of_keras_are_rejected_in_one_line_before_keras_is_imported(backend, news_csv):
    environment = {**os.environ, "KERAS_BACKEND": backend}
    code = "import kerascnn; kerascnn.TextClassifier"
    arguments = [["-m", "pipelines.train", "--data", news_csv, "--output", "unused"], ["-c", code]]
    for command_line, subject in zip(
        arguments, ("error: training", "InputError: kerascnn.TextClassifier"), strict=True
    ):
        finished = subprocess.run(
            [sys.executable, *command_line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert finished.returncode == 1
        [*lines, last] = finished.stderr.splitlines()
        assert last.endswith(
            f"{subject} needs Keras' TensorFlow backend, not {backend}; unset KERAS_BACKEND, or set it to tensorflow"
        )
        assert not lines or "-c" in command_line


def test_standard_output_is_utf8_whatever_the_locale(monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    command.run(lambda: print("好评"))
    assert buffer.getvalue().decode("utf-8").strip() == "好评"
