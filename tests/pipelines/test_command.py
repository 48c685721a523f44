"""Behavior of all commands: the name in the help, exit codes, Ctrl-C, the encoding of the output."""

import io
import signal
import subprocess
import sys

import pytest

from kerascnn.utils.errors import InputError
from pipelines import command
from pipelines.__main__ import COMMANDS
from tests.pipelines.conftest import ROOT, SMALL, start


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


def test_unknown_verb_exits_with_2_and_suggests_the_right_one():
    finished = python("-m", "kerascnn", "trian")
    assert finished.returncode == 2 and finished.stdout == ""
    assert finished.stderr == "error: no command is called 'trian'; did you mean 'train' or 'pretrain'?\n"


def test_version_of_the_program():
    from importlib.metadata import version

    assert python("-m", "kerascnn", "--version").stdout == f"{version('kerascnn')}\n"


@pytest.mark.parametrize(("signal_number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
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


def test_standard_output_is_utf8_whatever_the_locale(monkeypatch):
    buffer = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    command.run(lambda: print("好评"))
    assert buffer.getvalue().decode("utf-8").strip() == "好评"
