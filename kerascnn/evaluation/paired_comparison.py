"""Compare two classifiers on the same documents: McNemar's test, and the difference of their accuracy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MAX_EXACT = 25
"""Documents that one classifier alone has right up to which the exact test is used."""
_QUANTILE = 1.959963984540054
"""97.5th percentile of the normal distribution."""


@dataclass(frozen=True)
class PairedComparison:
    """How often two classifiers, A and B, are right on the same documents.

    A document of multi-label data is right if all of its labels are.
    """

    both_right: int
    only_a_right: int
    only_b_right: int
    both_wrong: int

    @classmethod
    def count(cls, is_right_a: np.ndarray, is_right_b: np.ndarray) -> PairedComparison:
        """Count the documents, given whether each classifier is right, bool (documents,)."""
        cells = 2 * is_right_a.astype(int) + is_right_b.astype(int)
        both_wrong, only_b, only_a, both_right = np.bincount(cells, minlength=4).tolist()
        return cls(both_right, only_a, only_b, both_wrong)

    @property
    def rows(self) -> int:
        """Number of documents."""
        return self.both_right + self.only_a_right + self.only_b_right + self.both_wrong

    @property
    def difference(self) -> float:
        """Accuracy of B minus accuracy of A."""
        return (self.only_b_right - self.only_a_right) / self.rows

    @property
    def is_exact(self) -> bool:
        """Whether ``p_value`` is that of the exact binomial test."""
        return self.only_a_right + self.only_b_right <= MAX_EXACT

    @property
    def p_value(self) -> float:
        """Probability of a difference at least as large if both were equally accurate, by McNemar's test (1947).

        It is exact, from the binomial distribution, if the classifiers differ on few documents; otherwise that of the
        chi-squared distribution with one degree of freedom, with the continuity correction (Edwards 1948).
        """
        low, count = min(self.only_a_right, self.only_b_right), self.only_a_right + self.only_b_right
        if self.is_exact:
            tail = sum(math.comb(count, k) for k in range(low + 1))
            return min(1.0, float(2 * tail / 2**count))
        statistic = max(0, abs(self.only_a_right - self.only_b_right) - 1) ** 2 / count
        return math.erfc(math.sqrt(statistic / 2))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of ``difference`` (Newcombe 1998, Statistics in Medicine 17, method 10)."""
        right_a, right_b = self.both_right + self.only_a_right, self.both_right + self.only_b_right
        (low_a, high_a), (low_b, high_b) = _score_interval(right_a, self.rows), _score_interval(right_b, self.rows)
        a, b, phi = right_a / self.rows, right_b / self.rows, self._correlation(right_a, right_b)

        def width(from_b: float, from_a: float) -> float:
            return math.sqrt(max(0.0, from_b**2 - 2 * phi * from_b * from_a + from_a**2))

        return self.difference - width(b - low_b, high_a - a), self.difference + width(high_b - b, a - low_a)

    def _correlation(self, right_a: int, right_b: int) -> float:
        """Return the correlation of being right, corrected for continuity if it is positive."""
        product = right_a * (self.rows - right_a) * right_b * (self.rows - right_b)
        if not product:
            return 0.0
        covariance: float = self.both_right * self.both_wrong - self.only_a_right * self.only_b_right
        if covariance > 0:
            covariance = max(covariance - self.rows / 2, 0.0)
        return covariance / math.sqrt(product)


def _score_interval(count: int, rows: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a fraction (Wilson 1927)."""
    square = _QUANTILE**2
    center, half = 2 * count + square, _QUANTILE * math.sqrt(square + 4 * count * (rows - count) / rows)
    return (center - half) / (2 * (rows + square)), (center + half) / (2 * (rows + square))
