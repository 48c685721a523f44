"""A token before every document."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import StartToken


def test_prepends_token_to_every_document():
    ids = np.array([[5, 9, 5], [3, 0, 0], [0, 0, 0]], "int32")
    np.testing.assert_array_equal(StartToken(id=99)(ids), [[99, 5, 9, 5], [99, 3, 0, 0], [99, 0, 0, 0]])
