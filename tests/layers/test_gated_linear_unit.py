"""Gated linear units, against values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.layers import GatedLinearUnit

# A = [2, -4], B = [0, ln 3]: sigmoid(B) = [1/2, 3/4]
HALVES = np.array([[2.0, -4.0, 0.0, np.log(3.0)]], "float32")


@pytest.mark.parametrize(("gate", "expected"), [("glu", [1, -3]), ("complementary", [1, -3, 1, -1])])
def test_one_half_gates_the_other(gate, expected):
    np.testing.assert_allclose(GatedLinearUnit(gate=gate)(HALVES), [expected], atol=1e-6)


def test_rejects_unknown_gate():
    with pytest.raises(ValueError, match="swish"):
        GatedLinearUnit(gate="swish")
