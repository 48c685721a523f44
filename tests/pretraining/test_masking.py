"""Masks of tokens that have ids of characters."""

from __future__ import annotations

import numpy as np

from kerascnn.pretraining.masking import UNKNOWN, mask_tokens


def test_masked_tokens_have_no_characters():
    generator = np.random.default_rng(0)
    ids = generator.integers(2, 50, (4, 10, 5)).astype(np.int32)
    ids[:, 8:] = 0
    (masked, positions, _), targets = mask_tokens(ids, 0.5, 50, generator)
    rows, columns = positions.T
    assert (targets == ids[rows, columns, 0]).all()
    assert (masked[rows, columns, 1:] == 0).all()
    assert (masked[rows, columns, 0] == UNKNOWN).mean() > 0.5
    others = np.ones(ids.shape[:2], bool)
    others[rows, columns] = False
    assert (masked[others] == ids[others]).all()
    assert columns.max() < 8
