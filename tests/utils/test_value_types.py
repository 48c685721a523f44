"""The quick check of types accepts what typeguard accepts, and nothing else."""

from typing import Any, Literal, TypedDict

import pytest
import typeguard
from hypothesis import given
from hypothesis import strategies as st

from kerascnn.utils.value_types import check_type


class Answers(TypedDict):
    texts: list[str]
    probabilities: list[list[float]]
    facts: dict[str, Any] | None


HINTS = (
    int, float, str, bool, Any, list[int], list[str], dict[str, float], dict[str, Any], tuple[int, ...],
    tuple[str, ...], tuple[Literal["a", "b"], ...], Literal["a", "b"], list[float] | None, str | int, Answers,
    dict[str, list[str]], tuple[int, str],
)  # fmt: skip
plain = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.sampled_from(["a", "b", "c"])
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from(["texts", "probabilities", "facts"]) | st.integers(0, 2), inner, max_size=3)
    ),
    max_leaves=8,
)


def is_accepted(check, value, hint):
    try:
        check(value, hint)
    except (TypeError, typeguard.TypeCheckError):
        return False
    return True


def check_with_typeguard(value, hint):
    typeguard.check_type(value, hint, collection_check_strategy=typeguard.CollectionCheckStrategy.ALL_ITEMS)


@given(values, st.sampled_from(HINTS))
def test_accepts_what_typeguard_accepts(value, hint):
    assert is_accepted(check_type, value, hint) == is_accepted(check_with_typeguard, value, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ({"texts": ["a"], "probabilities": [[0.5]], "facts": None}, Answers),
        ({"a": 1.5}, dict[str, float]),
        (("a", "b"), tuple[Literal["a", "b"], ...]),
        (None, list[float] | None),
    ],
)
def test_usual_values_are_accepted(value, hint):
    check_type(value, hint)


def test_message_is_one_line():
    with pytest.raises(TypeError, match="is not an instance of str") as error:
        check_type({"texts": [1], "probabilities": [], "facts": None}, Answers)
    assert "\n" not in str(error.value)
