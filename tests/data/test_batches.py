"""Batches have every document once, similar lengths together, and the same order for the same seed and epoch."""

import itertools

import numpy as np
import pytest

from kerascnn.data.batches import (
    balanced_order,
    shuffled_batch_indices,
    sorted_batch_indices,
    training_batches,
    validation_batches,
)
from kerascnn.data.ragged import RaggedIds

DOCUMENTS = [[5, 6, 7], [], [2], list(range(2, 22)), [9, 9]]


@pytest.fixture
def ids():
    return RaggedIds(
        np.array([token for document in DOCUMENTS for token in document], np.int32),
        np.cumsum([0, *map(len, DOCUMENTS)]),
    )


@pytest.fixture
def lengths():
    return np.random.default_rng(0).integers(1, 200, 10_000)


def test_pads_documents_to_multiple_of_4(ids):
    batch = ids.to_padded(np.array([3, 1, 0]))
    assert batch.shape == (3, 20)
    for row, document in zip(batch, (DOCUMENTS[3], DOCUMENTS[1], DOCUMENTS[0]), strict=True):
        assert row.tolist() == document + [0] * (20 - len(document))


def test_pads_documents_without_tokens(ids):
    assert ids.to_padded(np.array([1])).tolist() == [[0] * 4]


def test_epoch_has_every_document_once(lengths):
    assert sorted(np.concatenate(shuffled_batch_indices(lengths, 64, seed=1, epoch=2))) == list(range(len(lengths)))
    assert sorted(np.concatenate(sorted_batch_indices(lengths, 64))) == list(range(len(lengths)))


def test_batches_have_little_padding(lengths):
    batches = shuffled_batch_indices(lengths, 64, seed=0, epoch=0)
    padded = sum(len(rows) * lengths[rows].max() for rows in batches)
    assert lengths.sum() / padded > 0.95
    random = [np.arange(i, min(i + 64, len(lengths))) for i in range(0, len(lengths), 64)]
    assert lengths.sum() / sum(len(rows) * lengths[rows].max() for rows in random) < 0.6


def test_order_depends_on_seed_and_epoch_only(lengths):
    def order(seed, epoch):
        return np.concatenate(shuffled_batch_indices(lengths, 64, seed=seed, epoch=epoch)).tolist()

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)


def test_training_batches_start_at_given_epoch(ids):
    targets = np.arange(5, dtype=np.int32)
    whole = [label.numpy().tolist() for _, label, _ in training_batches(ids, targets, 2, seed=0, first_epoch=0).take(9)]
    later = [label.numpy().tolist() for _, label, _ in training_batches(ids, targets, 2, seed=0, first_epoch=1).take(6)]
    assert whole[3:] == later
    assert sorted(itertools.chain(*whole[:3])) == [0, 1, 2, 3, 4]


def test_targets_stay_with_their_documents(ids):
    targets = np.array([10, 11, 12, 13, 14], np.int32)
    for batch, of_batch in validation_batches(ids, targets, 2):
        for row, label in zip(batch.numpy(), of_batch.numpy(), strict=True):
            assert [token for token in row.tolist() if token] == DOCUMENTS[label - 10]


def test_balanced_order_has_equal_class_counts():
    classes = np.repeat([0, 1, 2, -1], [800, 40, 3, 157])
    drawn = balanced_order(classes, seed=0, epoch=0)
    assert len(drawn) == 1000
    assert np.bincount(classes[drawn] + 1).tolist() == [157, 281, 281, 281]
    times = np.bincount(drawn, minlength=1000)
    assert [set(times[classes == name]) for name in (0, 1, 2, -1)] == [{0, 1}, {7, 8}, {93, 94}, {1}]


def test_balanced_order_depends_on_seed_and_reaches_all_rows():
    classes = np.repeat([0, 1], [300, 20])
    assert np.array_equal(balanced_order(classes, seed=1, epoch=2), balanced_order(classes, seed=1, epoch=2))
    assert not np.array_equal(balanced_order(classes, seed=1, epoch=2), balanced_order(classes, seed=2, epoch=2))
    reached = set(np.concatenate([balanced_order(classes, seed=1, epoch=epoch) for epoch in range(12)]))
    assert len(reached) > 315


def test_balanced_batches_start_at_given_epoch(lengths):
    ids = RaggedIds(np.ones(lengths[:90].sum(), np.int32), np.cumsum([0, *lengths[:90]]))
    targets = np.repeat([0, 1, 2], [70, 15, 5]).astype(np.int32)
    settings = {"batch_size": 30, "seed": 3, "classes": targets}
    whole = [label.numpy() for _, label, _ in training_batches(ids, targets, first_epoch=0, **settings).take(9)]
    later = [label.numpy() for _, label, _ in training_batches(ids, targets, first_epoch=1, **settings).take(6)]
    np.testing.assert_array_equal(whole[3:], later)
    for epoch in range(3):
        assert np.bincount(np.concatenate(whole[3 * epoch : 3 * epoch + 3])).tolist() == [30, 30, 30]
