"""Dropout of whole tokens."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import TokenDropout

IDS = np.array([[5, 9, 5, 7, 0], [3, 0, 0, 0, 0], [0, 0, 0, 0, 0]], "int32")


def test_dropped_tokens_become_unknown_and_padding_stays():
    ids = np.tile(IDS[0], (400, 1))
    dropped = np.asarray(TokenDropout(rate=0.3, seed=1)(ids, training=True))
    assert (dropped[:, 4] == 0).all()
    assert np.isin(dropped, [0, 1, 5, 7, 9]).all()
    assert 0.25 < (dropped[:, :4] == 1).mean() < 0.35


def test_keeps_all_tokens_in_inference():
    np.testing.assert_array_equal(TokenDropout(rate=0.9)(IDS, training=False), IDS)
