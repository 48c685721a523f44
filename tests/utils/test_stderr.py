"""Messages for the user, which the logger ``kerascnn`` takes."""

import logging
import sys

import pytest

import kerascnn.config  # noqa: F401  whose settings are arguments
from kerascnn.utils.argument_names import keep_option_names
from kerascnn.utils.progress import progress_bar
from kerascnn.utils.stderr import log
from tests.pipelines.conftest import Terminal


@pytest.fixture
def logger():
    """The logger, as it was before after the test."""
    logger = logging.getLogger("kerascnn")
    before = logger.level, list(logger.handlers), logger.propagate
    yield logger
    logger.setLevel(before[0])
    logger.handlers[:], logger.propagate = before[1:]


def test_messages_go_to_standard_error_as_they_are(capsys):
    log("100 % of the rows")
    assert capsys.readouterr() == ("", "100 % of the rows\n")


def test_messages_name_arguments_in_python_and_options_in_commands(capsys):
    log("try --epochs 12\nor --training.learning-rate 0.1; next: python, not --other")
    with keep_option_names():
        log("try --epochs 12")
    log("next: python -m pipelines.train --epochs 12")
    assert capsys.readouterr().err == (
        "try epochs 12\nor learning_rate 0.1; next: python, not --other\ntry --epochs 12\n"
        "next: python -m pipelines.train --epochs 12\n"
    )


def test_level_of_the_logger_silences(logger, capsys):
    logger.setLevel(logging.WARNING)
    log("a message")
    assert capsys.readouterr().err == ""


def test_another_handler_or_the_root_logger_receives_messages_instead(logger, capsys, caplog):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logger.handlers[:] = [handler]
    log("to a handler")
    assert [record.getMessage() for record in records] == ["to a handler"]
    logger.handlers.clear()
    logger.propagate = True
    log("to the root logger")
    assert caplog.messages[-1] == "to the root logger"
    assert capsys.readouterr().err == ""


def test_message_clears_a_bar_that_is_shown(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_bar(total=3, title="reading", unit="rows"):
        log("a message")
        assert "\ra message\n" in terminal.getvalue()
