"""Hypothesis strategies for arguments of ``TextClassifier``: usual values, and whatever else people pass."""

import itertools
import pathlib
import warnings

import numpy as np
import pandas as pd
import pyarrow
from hypothesis import strategies as st

TEXTS = ["the film is fine", "the film is bad", "a fine day", "a bad day"] * 5
LABELS = ["good", "bad"] * 10
LISTS = [["good"], ["bad", "long"]] * 10

ODD_VALUES = (
    pd.NA, pd.NaT, np.ma.masked, np.int64(3), np.float32(0.5), np.bool_(True), np.str_("good"), np.datetime64("NaT"),
    len, int, ..., pathlib.Path("a"), "good", "bad", "long", "balanced", 1, 0, 0.5,
)  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=5), st.decimals(),
    st.complex_numbers(), st.dates(), st.sampled_from(ODD_VALUES),
)  # fmt: skip
CONTAINERS = (
    list, tuple, iter, set, pd.Series, pd.Index, pd.Categorical, pyarrow.array, np.array,
    lambda rows: np.array(rows, dtype=object),
    lambda rows: np.ma.array(rows, dtype=object),
    lambda rows: dict(enumerate(rows)),
    lambda rows: dict(enumerate(rows)).values(),
    lambda rows: pd.DataFrame({"a": rows}),
    lambda rows: [rows],
    lambda rows: [[row] for row in rows],
    lambda rows: pyarrow.table({"a": rows}),
    lambda rows: pyarrow.chunked_array([rows]),
)  # fmt: skip
ROW_COUNTS = (0, 1, 2, 19, 20, 20, 20, 21)


@st.composite
def rows(draw, usual):
    """Rows in a container: usual values, of which one may be any other."""
    count = draw(st.sampled_from(ROW_COUNTS))
    values = list(itertools.islice(itertools.cycle(draw(st.sampled_from(usual))), count))
    if count and draw(st.booleans()):
        values[draw(st.integers(0, count - 1))] = draw(scalars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return draw(st.sampled_from(CONTAINERS))(values)
        except Exception:  # not every container takes every value
            return values


@st.composite
def arrays(draw):
    """Arrays of any shape and type of numbers."""
    shape = draw(st.sampled_from([(), (20,), (20, 1), (20, 2), (20, 3), (2, 20), (19, 2), (20, 2, 2), (0, 2)]))
    value = draw(st.sampled_from([0, 1, 0.5, -1, np.nan, np.inf]))
    with np.errstate(invalid="ignore"):
        kinds = st.sampled_from(["float32", "float64", "int64", "bool", "object", "U3"])
        return np.full(shape, value).astype(draw(kinds))


anything = st.one_of(
    scalars, arrays(), st.lists(scalars, max_size=3), st.dictionaries(st.text(max_size=3), scalars, max_size=2)
)
NUMBERS = ([0, 1], [1.0, 2.5], [True, False], [2, -7], [10**30, 1], [np.nan, 1], [np.int8(1), 2])
texts = st.one_of(rows([TEXTS, [1], ["", " "], [b"a"], [["a"]], ["\ud800", "\0"]]), anything)
labels = st.one_of(rows([LABELS, LISTS, [["good"], []], [{"good"}, ("bad",)], [[1, 0], [0, 1]], *NUMBERS]), anything)
weights = st.one_of(rows([[1.0, 2.0], [0], [-1.0], [np.nan], ["a"]]), anything)
probabilities = st.one_of(rows([[[0.5, 0.5], [1.0, 0.0]], [[2.0, -1.0]]]), anything)
class_weights = st.one_of(
    st.dictionaries(st.sampled_from(["good", "bad", "x", 0, None]), scalars, max_size=3), anything
)
validation_data = st.one_of(st.tuples(texts, labels), anything)

CALLS = {
    **{name: {"texts": texts} for name in ("predict", "predict_proba", "predict_scored", "encode")},
    "transform": {"X": texts},
    "predict_top_k": {"texts": texts, "k": anything},
    "score": {"texts": texts, "y": labels, "sample_weight": weights},
    "evaluate": {"texts": texts, "labels": labels, "probabilities": probabilities},
    "explain": {"text": anything, "label": anything},
    "fit": {
        "texts": texts, "labels": labels, "soft_labels": probabilities, "sample_weight": weights,
        "class_weight": class_weights, "validation_data": validation_data,
        **dict.fromkeys(("refit", "callbacks", "resume", "verbose"), anything),
    },
}  # fmt: skip
"""Each method, with values for each of its arguments."""
USUAL = {
    "texts": TEXTS, "X": TEXTS, "text": TEXTS[0], "labels": LABELS, "y": LABELS, "k": 2, "label": "good",
    "callbacks": (), "resume": False, "verbose": False,
    **dict.fromkeys(
        ("validation_data", "sample_weight", "probabilities", "soft_labels", "class_weight", "refit"), None
    ),
}  # fmt: skip


@st.composite
def calls(draw):
    """A method, the name of one of its arguments, and all of them, of which that one has any value."""
    method = draw(st.sampled_from(sorted(CALLS)))
    name = draw(st.sampled_from(sorted(CALLS[method])))
    arguments = {other: USUAL[other] for other in CALLS[method]}
    return method, name, arguments | {name: draw(CALLS[method][name])}
