"""McNemar's test and the confidence interval of a difference of accuracy."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from kerascnn.evaluation.paired_comparison import PairedComparison


@pytest.mark.parametrize(
    ("counts", "interval"),
    [((20, 12, 2, 16), (-0.3292, -0.0562)), ((36, 12, 2, 0), (-0.3404, -0.0569))],
)
def test_interval_is_that_of_the_paper(counts, interval):
    """Newcombe 1998, table IV, with the sign of B - A."""
    assert PairedComparison(*counts).interval == pytest.approx(interval, abs=5e-5)


def test_few_differences_have_the_exact_test():
    for right_a, right_b in ((0, 0), (1, 0), (3, 9), (12, 13)):
        comparison = PairedComparison(50, right_a, right_b, 5)
        expected = binomtest(right_a, right_a + right_b).pvalue if right_a + right_b else 1
        assert comparison.is_exact and comparison.p_value == pytest.approx(expected)


def test_many_differences_have_the_chi_squared_test():
    comparison = PairedComparison(500, 30, 9, 50)
    assert not comparison.is_exact and comparison.p_value == pytest.approx(chi2.sf((21 - 1) ** 2 / 39, 1))
    assert PairedComparison(500, 20, 20, 50).p_value == 1


@pytest.mark.parametrize("counts", [(0, 0, 0, 7), (7, 0, 0, 0), (0, 5, 0, 0), (3, 1, 1, 0), (1, 0, 0, 0)])
def test_interval_holds_the_difference_and_is_symmetric(counts):
    both, only_a, only_b, neither = counts
    low, high = PairedComparison(*counts).interval
    assert -1 - 1e-9 <= low <= PairedComparison(*counts).difference <= high <= 1 + 1e-9
    assert PairedComparison(both, only_b, only_a, neither).interval == pytest.approx((-high, -low))


def test_documents_are_counted():
    a, b = np.array([1, 1, 0, 0, 1], bool), np.array([1, 0, 1, 0, 1], bool)
    assert PairedComparison.count(a, b) == PairedComparison(2, 1, 1, 1)
