"""Numbers of examples of the tests with Hypothesis, in the default tier and in the second one (``full``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

MOST_OF_DEFAULT_TIER = 1000
"""Largest number of examples of a test in the default tier, which are the same in every run."""


def tiers(few: int, many: int = 20_000) -> Any:
    """Return a decorator that runs a test with the argument ``count``, the number of examples of each tier."""
    return pytest.mark.parametrize(
        "count", [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.full)]
    )


def check_examples(count: int, check: Callable[..., None], *strategies: SearchStrategy[Any]) -> None:
    """Check examples of strategies; the first simple one that fails is reported."""
    run = settings(
        max_examples=count,
        derandomize=count <= MOST_OF_DEFAULT_TIER,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run(given(*strategies)(check))()
