"""Rows in files are checked and split with the same result as rows in memory."""

import json

import pytest
from hypothesis import strategies as st

from kerascnn.data import stored_splits
from kerascnn.data.cache import Cache
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import hash_rows
from kerascnn.data.sources import read_rows
from kerascnn.data.splits import load_splits
from kerascnn.data.stored_rows import StoredRows
from kerascnn.data.stored_splits import load_stored_splits
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text
from tests.tiers import check_examples, tiers

NAMES = ("train", "validation", "test")
PAIRS = [(f"{text} {number}", label) for number in range(12) for text, label in [*ENGLISH, *CHINESE]]
UNUSUAL = [
    *PAIRS,
    *PAIRS[:3],
    ("", "positive"),
    ("no label", ""),
    (PAIRS[0][0], "差评"),
    ("solo", "rare"),
    ("a\0b", "好评"),
]


def describe(load, *args):
    """Return everything about splits, or the error."""
    try:
        splits = load(*args)
    except InputError as error:
        return str(error)
    rows = [list(getattr(splits, name)) for name in NAMES]
    return rows, splits.issues, splits.task.name, splits.label_type, splits.has_own_validation


@pytest.mark.parametrize("given_names", [(), ("validation",), ("test",), ("validation", "test")])
def test_csv_files_give_the_same_splits(write, tmp_path, given_names):
    sources = [[write("train.csv", csv_text(UNUSUAL))]]
    sources += [[write(f"{name}.csv", csv_text(UNUSUAL[5:40]))] if name in given_names else [] for name in NAMES[1:]]
    source = SourceConfig()
    expected = describe(load_splits, *sources, source)
    assert describe(load_stored_splits, *sources, source, Cache(tmp_path / "cache")) == expected


def test_multi_label_rows_give_the_same_splits(write, tmp_path):
    rows = [{"text": text, "label": [label, "all"] if number % 3 else []} for number, (text, label) in enumerate(PAIRS)]
    path = write("train.jsonl", "\n".join(map(json.dumps, rows)))
    expected = describe(load_splits, [path], [], [], SourceConfig())
    assert describe(load_stored_splits, [path], [], [], SourceConfig(), Cache(tmp_path / "cache")) == expected
    splits = load_stored_splits([path], [], [], SourceConfig(), Cache(tmp_path / "cache"))
    assert isinstance(splits.train, StoredRows) and splits.train.hash() == hash_rows(splits.train)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c d", "é", "", " ", "\ud800"]) | st.text(max_size=3), st.sampled_from("pqr ")
    ),
    max_size=40,
)


@tiers(few=40)
def test_any_rows_give_the_same_splits_or_the_same_error(count, tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")

    def check(train, test, seed):
        sources = []
        for name, rows in (("train", train), ("test", test)):
            lines = [json.dumps({"text": text, "label": label}) for text, label in rows or ()]
            (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
            sources.append([] if rows is None else [str(folder / f"{name}.jsonl")])
        source = SourceConfig(split_seed=seed)
        expected = describe(load_splits, sources[0], [], sources[1], source)
        assert describe(load_stored_splits, sources[0], [], sources[1], source, Cache(folder / "cache")) == expected

    check_examples(count, check, ROWS, st.none() | ROWS, st.integers(0, 3))


def test_rows_are_read_once_and_again_if_a_file_or_a_setting_changes(write, tmp_path, monkeypatch):
    reads = []
    monkeypatch.setattr(stored_splits, "read_rows", lambda *args: reads.append(args) or read_rows(*args))
    path, cache = write("train.csv", csv_text(PAIRS)), Cache(tmp_path / "cache")

    def count_reads(**options):
        reads.clear()
        load_stored_splits([path], [], [], SourceConfig(**options), cache)
        return len(reads)

    assert [count_reads(), count_reads(), count_reads(split_seed=1)] == [1, 0, 0]
    assert count_reads(normalize_labels=True) == 1
    write("train.csv", csv_text(PAIRS[::-1]))
    assert [count_reads(), count_reads()] == [1, 0]
