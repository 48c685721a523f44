"""Batches: every document once, similar lengths together, the same order for the same seed and epoch."""

import itertools

import numpy as np
import pytest

from kerascnn.data.pipeline import Ids, shuffled, sorted_by_length, training_batches, validation_batches

DOCUMENTS = [[5, 6, 7], [], [2], list(range(2, 22)), [9, 9]]


@pytest.fixture
def ids():
    return Ids(
        np.array([token for document in DOCUMENTS for token in document], np.int32),
        np.cumsum([0, *map(len, DOCUMENTS)]),
    )


@pytest.fixture
def lengths():
    return np.random.default_rng(0).integers(1, 200, 10_000)


def test_documents_are_padded_with_zeros_to_a_common_multiple_of_8(ids):
    batch = ids.padded(np.array([3, 1, 0]))
    assert batch.shape == (3, 24)
    for row, document in zip(batch, (DOCUMENTS[3], DOCUMENTS[1], DOCUMENTS[0]), strict=True):
        assert row.tolist() == document + [0] * (24 - len(document))


def test_documents_without_tokens_still_make_a_batch(ids):
    assert ids.padded(np.array([1])).tolist() == [[0] * 8]


def test_every_document_stands_in_an_epoch_once(lengths):
    assert sorted(np.concatenate(shuffled(lengths, 64, seed=1, epoch=2))) == list(range(len(lengths)))
    assert sorted(np.concatenate(sorted_by_length(lengths, 64))) == list(range(len(lengths)))


def test_little_of_a_batch_is_padding(lengths):
    batches = shuffled(lengths, 64, seed=0, epoch=0)
    padded = sum(len(rows) * lengths[rows].max() for rows in batches)
    assert lengths.sum() / padded > 0.95
    random = [np.arange(i, min(i + 64, len(lengths))) for i in range(0, len(lengths), 64)]
    assert lengths.sum() / sum(len(rows) * lengths[rows].max() for rows in random) < 0.6


def test_the_order_depends_on_seed_and_epoch_alone(lengths):
    def order(seed, epoch):
        return np.concatenate(shuffled(lengths, 64, seed=seed, epoch=epoch)).tolist()

    assert order(0, 3) == order(0, 3)
    assert order(0, 3) != order(0, 4)
    assert order(0, 3) != order(1, 3)


def test_training_goes_on_at_the_epoch_it_is_given(ids):
    labels = np.arange(5, dtype=np.int32)
    whole = [label.numpy().tolist() for _, label in training_batches(ids, labels, 2, seed=0, first_epoch=0).take(9)]
    later = [label.numpy().tolist() for _, label in training_batches(ids, labels, 2, seed=0, first_epoch=1).take(6)]
    assert whole[3:] == later
    assert sorted(itertools.chain(*whole[:3])) == [0, 1, 2, 3, 4]


def test_labels_stay_with_their_documents(ids):
    labels = np.array([10, 11, 12, 13, 14], np.int32)
    for batch, of_batch in validation_batches(ids, labels, 2):
        for row, label in zip(batch.numpy(), of_batch.numpy(), strict=True):
            assert [token for token in row.tolist() if token] == DOCUMENTS[label - 10]
