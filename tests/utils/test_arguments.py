"""Arguments of the Python interface: what is accepted, and messages on one line that name the argument."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pytest

import kerascnn.config  # noqa: F401  whose settings are arguments
from kerascnn.tasks.multi_label import MultiLabel
from kerascnn.utils.argument_names import keep_option_names, name_arguments
from kerascnn.utils.arguments import check_flag, check_path, check_verbosity, shorten, to_rows
from kerascnn.utils.errors import InputError


class Column:
    """Has nothing but the conversion to an array."""

    def __array__(self, dtype=None, copy=None):
        return np.array(["a", "b"], dtype)


@pytest.mark.parametrize(
    "rows",
    [
        Column(), ["a", "b"], ("a", "b"), np.array(["a", "b"]), pd.Series(["a", "b"]), pd.Index(["a", "b"]),
        pd.Categorical(["a", "b"]), pyarrow.array(["a", "b"]), pyarrow.chunked_array([["a"], ["b"]]),
        pyarrow.array(["a", "b"]).dictionary_encode(), iter(["a", "b"]), {1: "a", 2: "b"}.values(),
        {"a": 1, "b": 2}.keys(),
    ],
    ids=lambda rows: type(rows).__name__,
)  # fmt: skip
def test_reads_the_rows_of_any_container_with_an_order(rows):
    assert list(to_rows("labels", rows, "labels")) == ["a", "b"]


def test_tables_may_have_columns_with_the_names_of_methods():
    for names in (["toarray", "to_pylist"], ["column_names", "numpy"], ["filled", "mask"], ["shape", "columns"]):
        table = pd.DataFrame({name: [0, 1] for name in names})
        assert to_rows("labels", table, "labels") is table and MultiLabel().as_labels(table) is table


def test_masked_rows_are_none():
    assert to_rows("labels", np.ma.array([1, 2], mask=[False, True]), "labels") == [1, None]


@pytest.mark.parametrize(
    "rows", [None, 3, "ab", b"ab", {"a": 1}, {"a"}, np.array("a"), pyarrow.table({"text": ["a"]}), len],
    ids=lambda rows: type(rows).__name__,
)  # fmt: skip
def test_rejects_what_has_no_rows(rows):
    with pytest.raises(InputError, match=r"^labels: give a list of labels") as error:
        to_rows("labels", rows, "labels")
    assert "\n" not in str(error.value)


def test_table_of_label_columns_is_told_what_to_give():
    for table in (pyarrow.table({"a": [1]}), pyarrow.record_batch({"a": [1]})):
        with pytest.raises(InputError, match=r"a column for each label give table\.to_pandas\(\)\. Received: "):
            to_rows("labels", table, "labels")
        with pytest.raises(InputError, match=r"^texts: .* one column of a table\. Received: "):
            to_rows("texts", table, "texts")


def test_values_in_messages_are_short_and_on_one_line():
    for value in (pd.Series(range(100)), "line\n" * 100, 10**1000, list(range(1000)), np.zeros((100, 100)), object()):
        shown = shorten(value)
        assert len(shown) < 90 and "\n" not in shown


def test_flags_and_paths():
    assert check_flag("refit", np.False_) is False and check_flag("refit", True) is True
    assert check_path("folder", Path("a")) == check_path("folder", "a") == Path("a")
    for value in (1, None, "yes", pd.NA):
        with pytest.raises(InputError, match=r"^refit: give True or False"):
            check_flag("refit", value)
    shown = [check_verbosity("verbose", x) for x in (True, False, 0, 1, 2, "auto", np.int64(0), np.int64(1), np.True_)]
    assert shown == [True, False, False, True, True, True, False, True, True]
    for value in (None, "yes", 1.5, pd.NA, [1]):
        with pytest.raises(InputError, match=r"^verbose: give True, False, 0, 1, 2 or 'auto'"):
            check_verbosity("verbose", value)
    for value in (1, None, "", b"a", "a\0b"):
        with pytest.raises(InputError, match=r"^folder: give the path of a folder"):
            check_path("folder", value)


@pytest.mark.parametrize(
    ("message", "from_python"),
    [
        ("lower --training.learning_rate or set --training.global_clipnorm 1",
         "lower learning_rate or set global_clipnorm 1"),
        ("settings: training: epochs: -1 is below 0", "epochs: -1 is below 0"),
        ("give --text.max-length 9, or --vectors FILE", "give max_length 9, or vectors FILE"),
        ("exists; choose another --output, or replace it with --overwrite",
         "exists; choose another output folder, or replace it with overwrite=True"),
        ("pip install --upgrade kerascnn", "pip install --upgrade kerascnn"),
        ("check --text-column and --label-column", "check texts and labels"),
        ("Received: '--x'", "Received: '--x'"),
        ("a\nb\u2028c.csv: no such file", "a b c.csv: no such file"),
        ("/data/--epochs/train.csv, row 7", "/data/--epochs/train.csv, row 7"),
        ("no class is called a --b", "no class is called a --b"),
        ("gunicorn without --preload", "gunicorn without --preload"),
    ],
)  # fmt: skip
def test_messages_name_arguments_in_python_and_options_in_commands(message, from_python):
    @name_arguments
    def fail():
        raise InputError(message)

    with pytest.raises(InputError) as error:
        fail()
    assert str(error.value) == from_python
    with keep_option_names(), pytest.raises(InputError) as error:
        fail()
    assert str(error.value) == message
