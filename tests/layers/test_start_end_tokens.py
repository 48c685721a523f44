"""Tokens before and a token after every document."""

from __future__ import annotations

import numpy as np

from kerascnn.layers import StartEndTokens


def test_encloses_truncated_documents():
    layer = StartEndTokens(start=98, end=99, length=3)
    enclosed = layer(np.array([[5, 6, 7, 8], [5, 6, 0, 0], [0, 0, 0, 0]], "int32"))
    np.testing.assert_array_equal(enclosed, [[98, 5, 6, 7, 99], [98, 5, 6, 99, 0], [98, 99, 0, 0, 0]])


def test_several_tokens_come_before_a_document():
    layer = StartEndTokens(start=[98, 7], end=99, length=2)
    enclosed = layer(np.array([[5, 6, 7], [0, 0, 0]], "int32"))
    np.testing.assert_array_equal(enclosed, [[98, 7, 5, 6, 99], [98, 7, 99, 0, 0]])
