"""What all commands share."""

from __future__ import annotations

import os
import platform

import pytest

from kerascnn import models
from pipelines import command


@pytest.mark.parametrize(
    ("model", "cores", "given", "threads"),
    [
        ("word_cnn", 2, None, "1"),
        ("word_cnn", 3, None, None),  # one would be left with the widest convolution, the others waiting for it
        ("char_cnn", 2, None, None),  # its convolutions follow one another
        ("word_cnn", 2, "2", "2"),
    ],
)
def test_an_operation_gets_one_core_where_more_of_them_stand_side_by_side(monkeypatch, model, cores, given, threads):
    monkeypatch.setattr(command, "cores", lambda: cores)
    monkeypatch.setattr(os, "environ", {"TF_NUM_INTRAOP_THREADS": given} if given else {})
    command.limit_threads(models.list_models()[model]())
    assert os.environ.get("TF_NUM_INTRAOP_THREADS") == threads


@pytest.mark.parametrize(
    ("machine", "given", "expected"),
    [("x86_64", None, "1"), ("AMD64", None, "1"), ("x86_64", "0", "0"), ("arm64", None, None)],
)
def test_onednn_is_asked_for_on_x86_unless_the_user_has_decided(monkeypatch, machine, given, expected):
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(os, "environ", {"TF_ENABLE_ONEDNN_OPTS": given} if given else {})
    command.start_tensorflow()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected
