"""Environment variables with which TensorFlow starts."""

from __future__ import annotations

import logging
import os
import platform
import subprocess
import sys

import pytest
import tensorflow as tf

from kerascnn import TextClassifier, models
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils import tensorflow_startup
from kerascnn.utils.errors import InputError


@pytest.mark.parametrize(
    ("model", "cores", "given", "threads"),
    [
        ("word_cnn", 2, None, "1"),
        ("word_cnn", 3, None, None),  # one would be left with the widest convolution, the others waiting for it
        ("char_cnn", 2, None, None),  # its convolutions follow one another
        ("word_cnn", 2, "2", "2"),
    ],
)
def test_limits_threads_of_models_with_more_branches_than_cores(monkeypatch, model, cores, given, threads):
    monkeypatch.setattr(tensorflow_startup, "available_cpus", lambda: cores)
    monkeypatch.setattr(os, "environ", {"TF_NUM_INTRAOP_THREADS": given} if given else {})
    tensorflow_startup.limit_threads(models.list_models()[model]().parallel_branches)
    assert os.environ.get("TF_NUM_INTRAOP_THREADS") == threads


@pytest.mark.parametrize(
    ("machine", "given", "expected"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("arm64", None, None)],
)
def test_turns_on_onednn_on_x86_unless_the_variable_is_set(monkeypatch, machine, given, expected):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(os, "environ", {"TF_ENABLE_ONEDNN_OPTS": given} if given else {})
    tensorflow_startup.start_tensorflow()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected


def test_process_may_fork_until_tensorflow_computes(monkeypatch):
    monkeypatch.setattr(tensorflow_startup, "_process", None)
    classifier, parent = TextClassifier(model="bow"), os.getpid()
    for arguments, name in (((["a"], ["x", "y"]), "labels"), (([1], ["x"]), "text")):
        with pytest.raises(InputError, match=name):
            classifier.fit(*arguments)
    with pytest.raises(InputError, match="folder"):
        TextClassifier.load(1)
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    tensorflow_startup.check_fork()
    Vectorizer(TextConfig(), ["", "[UNK]", "a"]).encode(["a"])
    monkeypatch.setattr(os, "getpid", lambda: parent + 2)
    with pytest.raises(InputError, match="load the classifier in each worker"):
        tensorflow_startup.check_fork()


@pytest.fixture
def warnings():
    """The messages of TensorFlow's Python code."""
    logger, records, handler = logging.getLogger("tensorflow"), [], logging.Handler()
    handler.emit = lambda record: records.append(record.getMessage())
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def test_several_models_do_not_warn_that_functions_are_traced_again_but_others_do(warnings):
    for _ in range(8):  # as a grid search does
        Vectorizer.adapt(["a text"], TextConfig(min_count=1)).encode(["a text"])
    assert warnings == []
    for _ in range(8):
        tf.function(lambda x: x + 1, autograph=False)(tf.constant(1))
    assert any("triggered tf.function retracing" in message for message in warnings)


def test_python_prints_no_messages_of_tensorflow():
    code = (
        "from kerascnn import TextClassifier\n"
        "texts = [f'a good film {number}' for number in range(20)]\n"
        "TextClassifier(model='bow', min_count=1).fit(texts, ['p', 'n'] * 10).predict(texts)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", timeout=300)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_start_leaves_garbage_collection_on_and_modules_out_of_it():
    script = (
        "import gc, kerascnn.utils.tensorflow_startup as startup\n"
        "startup.start_tensorflow(); print(gc.isenabled(), gc.get_freeze_count())"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert output[0] == "True"
    assert int(output[1]) > 100_000
