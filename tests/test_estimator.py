"""The constructor of TextClassifier: explicit arguments that agree with the settings classes."""

import inspect
from pathlib import Path

import pytest

from kerascnn import TextClassifier, estimator
from tests.generate_estimator import BEGIN, END, constructor


def test_constructor_agrees_with_settings_classes():
    source = Path(estimator.__file__).read_text(encoding="utf-8")
    written = source.partition(BEGIN)[2].partition(END)[0]
    assert written == constructor(), "run: python -m tests.generate_estimator"


def test_constructor_arguments_are_explicit_and_typed():
    parameters = list(inspect.signature(TextClassifier).parameters.values())
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    assert all(parameter.annotation is not parameter.empty for parameter in parameters)
    assert {"model", "seed", "max_length", "filters", "learning_rate", "vectors"} <= {p.name for p in parameters}


def test_rejects_unknown_setting():
    with pytest.raises(TypeError, match="unexpected keyword argument 'filter'"):
        TextClassifier(filter=3)
