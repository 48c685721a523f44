"""Ids in files: the same documents as in memory, in batches of similar length that mix all documents."""

import itertools
import weakref

import numpy as np
import pytest

from kerascnn.data import stored_documents
from kerascnn.data.batches import ALL, Shard, has_own_shards, training_batches, validation_batches
from kerascnn.data.cache import Cache
from kerascnn.data.config import SourceConfig
from kerascnn.data.ragged import RaggedIds
from kerascnn.data.records import Row
from kerascnn.data.stored_documents import find_ids, find_vectorizer
from kerascnn.data.stored_ids import StoredIds
from kerascnn.data.stored_rows import StoredRows, write_rows
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer

COUNT = 500
SETTINGS = TextConfig(min_count=1, max_length=30)


@pytest.fixture(scope="module")
def texts():
    generator = np.random.default_rng(0)
    return [
        " ".join(f"w{word}" for word in generator.zipf(1.5, size) % 50) for size in generator.integers(0, 40, COUNT)
    ]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def stored_texts(texts, cache):
    write_rows(cache.folder / "train", [Row(text, ("a",), "a.csv", 2) for text in texts], {}, {})
    return StoredRows(cache.folder / "train", [("a",)], ["a.csv"], "single_label").texts


@pytest.fixture(scope="module")
def vectorizer(texts):
    return Vectorizer.adapt(texts, SETTINGS)


@pytest.fixture
def find(stored_texts, vectorizer, cache, monkeypatch):
    """Return a function from the size of a shard to ids and the positions of their texts."""

    def find_sharded(shard_rows, *, shuffled=True):
        monkeypatch.setattr(stored_documents, "SHARD_ROWS", shard_rows)
        return find_ids(stored_texts, vectorizer, cache, shuffled=shuffled)

    return find_sharded


def to_documents(ids):
    return np.split(ids.values, ids.row_splits[1:-1])


def test_vocabulary_is_that_of_the_texts_and_counted_once(stored_texts, vectorizer, cache, monkeypatch):
    found = find_vectorizer(stored_texts, SETTINGS, cache, SourceConfig())
    assert found.vocabulary == vectorizer.vocabulary
    monkeypatch.setattr(Vectorizer, "count_tokens", None)
    assert find_vectorizer(stored_texts, SETTINGS, cache, SourceConfig()).vocabulary == vectorizer.vocabulary
    with pytest.raises(TypeError):
        find_vectorizer(stored_texts, TextConfig(min_count=2), cache, SourceConfig())


@pytest.mark.parametrize("shard_rows", [1000, 100, 7])
def test_documents_are_those_in_memory(find, texts, vectorizer, shard_rows):
    expected = RaggedIds(*vectorizer.encode(texts))
    for shuffled in (True, False):
        ids, order = find(shard_rows, shuffled=shuffled)
        assert len(ids) == COUNT and sorted(order) == list(range(COUNT))
        assert np.array_equal(order, np.arange(COUNT)) == (not shuffled or shard_rows > COUNT)
        np.testing.assert_array_equal(ids.lengths, expected.lengths[order])
        documents = to_documents(expected)
        for found, row in zip(to_documents(ids.to_ragged()), order, strict=True):
            np.testing.assert_array_equal(found, documents[row])
        some = np.arange(3, COUNT, 41)
        for found, row in zip(to_documents(ids.to_ragged(some)), order[some], strict=True):
            np.testing.assert_array_equal(found, documents[row])
        size = len(vectorizer.vocabulary)
        np.testing.assert_array_equal(ids.count_ids(size), expected.count_ids(size))


def test_documents_of_all_shards_are_read_one_shard_at_a_time(find, monkeypatch):
    ids, _ = find(16)
    loaded, most = weakref.WeakSet(), []

    def load_shard(self, number, load=StoredIds.load_shard):
        most.append(len(loaded))
        shard = _Shard(load(self, number))
        loaded.add(shard)
        return shard

    monkeypatch.setattr(StoredIds, "load_shard", load_shard)
    assert len(ids.to_ragged(np.arange(0, COUNT, 7))) == len(range(0, COUNT, 7))
    assert len(most) > 20 and max(most) <= 1


class _Shard:
    """A shard of which it is known whether it is still in use."""

    def __init__(self, ids):
        self.to_ragged = ids.to_ragged


def batch_rows(ids, *, first_epoch=0, seed=0, epochs=1, classes=None):
    """Return the rows of the batches of some epochs of 16 documents, 32 batches each."""
    batches = training_batches(
        ids, np.arange(COUNT), 16, seed=seed, first_epoch=first_epoch, classes=classes, window_batches=4
    ).take(32 * epochs)
    return [(inputs.numpy(), rows.numpy()) for inputs, rows, _ in batches]


def test_one_shard_gives_the_batches_of_documents_in_memory(find, texts, vectorizer):
    expected = RaggedIds(*vectorizer.encode(texts))
    for found, whole in zip(batch_rows(find(1000)[0], epochs=2), batch_rows(expected, epochs=2), strict=True):
        for found_array, expected_array in zip(found, whole, strict=True):
            np.testing.assert_array_equal(found_array, expected_array)


@pytest.mark.parametrize("shard_rows", [150, 20])
def test_epoch_has_every_document_once_in_batches_of_similar_length(find, shard_rows):
    ids, _ = find(shard_rows)
    batches = batch_rows(ids)
    assert [len(rows) for _, rows in batches].count(16) == 31  # only the last batch of the last part is smaller
    assert sorted(itertools.chain(*(rows for _, rows in batches))) == list(range(COUNT))
    for inputs, rows in batches:
        np.testing.assert_array_equal((inputs > 0).sum(axis=1), ids.lengths[rows])
    assert ids.lengths.sum() / sum(inputs.size for inputs, _ in batches) > 0.75


def test_order_depends_on_seed_and_epoch_and_can_start_at_any_epoch(find):
    ids, _ = find(50)

    def order(**options):
        return [rows.tolist() for _, rows in batch_rows(ids, **options)]

    assert order(epochs=3)[64:] == order(first_epoch=2)
    assert order() == order()
    assert order() != order(first_epoch=1)
    assert order() != order(seed=1)


def test_balanced_classes_are_balanced_over_all_shards(find):
    classes = np.repeat([0, 1], [450, 50])
    rows = np.concatenate([rows for _, rows in batch_rows(find(60)[0], classes=classes)])
    assert np.bincount(classes[rows]).tolist() == [250, 250]


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_each_part_of_a_batch_has_shards_of_its_own(find, parts):
    ids, _ = find(30)
    loaded, load = [], StoredIds.load_shard

    def batches_of(part, epochs=1):
        loaded.clear()
        shard = Shard(part, 1, parts)
        weights = np.full(COUNT, 3, np.float32)
        batches = training_batches(
            ids, np.arange(COUNT), 16, seed=0, first_epoch=0, weights=weights, window_batches=4, shard=shard
        )
        found = [(rows.numpy(), weights.numpy()) for _, rows, weights in batches.take(32 * epochs)]
        return found[32 * (epochs - 1) :]

    for epochs in (1, 2):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(StoredIds, "load_shard", lambda self, number: loaded.append(number) or load(self, number))
            of_parts = []
            for part in range(parts):
                of_parts.append(batches_of(part, epochs))
                assert {number % parts for number in loaded} == {part}
        steps = list(zip(*of_parts, strict=True))
        rows = np.concatenate([rows[weights > 0] for step in steps for rows, weights in step])
        assert sorted(rows) == list(range(COUNT))
        # a step is a weighted mean over all parts
        np.testing.assert_allclose([sum(weights.sum() for _, weights in step) for step in steps], 3, rtol=1e-6)


def test_batches_that_cannot_be_divided_come_from_all_shards(find):
    ids, _ = find(30)
    assert len(ids.shard_sizes()) == 24
    assert not has_own_shards(ids, 16, Shard(0, 1, 5)) and not has_own_shards(ids, 15, Shard(0, 1, 2))
    assert has_own_shards(ids, 16, Shard(0, 2, 2)) and not has_own_shards(ids, 16, ALL)
    assert not has_own_shards(ids.to_ragged(), 16, Shard(0, 1, 2))


def test_shards_mix_rows_that_are_sorted(find):
    _, order = find(100)
    first = order[:100]
    assert 0.2 < (first < COUNT // 2).mean() < 0.8


def test_validation_has_every_document_once(find):
    ids, _ = find(90, shuffled=False)
    batches = validation_batches(ids, np.arange(COUNT), 32)
    rows = [targets.numpy() for _, targets in batches]
    assert len(rows) == int(batches.cardinality())
    assert sorted(np.concatenate(rows)) == list(range(COUNT))
