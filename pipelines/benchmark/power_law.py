"""The power law by which errors fall with the number of training rows, with its uncertainty."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DRAWS = 200
"""Number of fits to errors that vary as those of other seeds would."""
INTERVAL = 5, 95
"""Percentiles of the fits: a 90 % interval."""


@dataclass(frozen=True)
class PowerLaw:
    """Errors that fall as ``scale * rows ** -exponent + floor`` (Hestness et al. 2017, section 2).

    Attributes:
        parameters: ``scale``, ``exponent`` and ``floor`` of the fit to the means of the seeds.
        draws: The same of fits to other draws of these means, (draws, 3).
    """

    parameters: np.ndarray
    draws: np.ndarray

    def predict(self, rows: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the error with some numbers of rows, and the lower and upper end of its 90 % interval."""
        counts = np.asarray(rows, np.float64)
        drawn = np.stack([_power_law(counts, *one) for one in self.draws])
        low, high = np.percentile(drawn, INTERVAL, axis=0)
        error = _power_law(counts, *self.parameters)
        return error, np.minimum(low, error), np.maximum(high, error)


def fit_power_law(rows: Sequence[int], errors: Sequence[Sequence[float]], seed: int = 0) -> PowerLaw:
    """Fit the power law to measured errors.

    The uncertainty is that of the seeds: the variance of a measurement is that of all numbers of rows together, as a
    fraction of error * (1 - error), since two or three seeds do not show their own.

    Args:
        rows: Numbers of training rows, three or more, rising.
        errors: The errors of the seeds, 0 to 1, for each number of rows.
        seed: Seed of the draws.
    """
    counts, means = np.asarray(rows, np.float64), np.array([np.mean(values) for values in errors])
    sizes = np.array([len(values) for values in errors])
    spread = np.maximum(means * (1 - means), 1e-4)
    deviations = sum(np.sum((np.asarray(values) - mean) ** 2) / scale
                     for values, mean, scale in zip(errors, means, spread, strict=True))  # fmt: skip
    variance = deviations / max(1, sizes.sum() - len(sizes))
    sigma = np.sqrt(np.maximum(variance, 1e-6) * spread / sizes)
    noise = np.random.default_rng(seed).normal(size=(DRAWS, len(counts))) * sigma
    best = _fit(counts, means, sigma)
    return PowerLaw(best, np.stack([_fit(counts, np.clip(means + one, 0, 1), sigma) for one in noise]))


def _power_law(rows: np.ndarray, scale: float, exponent: float, floor: float) -> np.ndarray:
    return np.asarray(scale * rows**-exponent + floor)


def _fit(rows: np.ndarray, errors: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return the parameters of the least squares in units of the standard errors; an exponent is at most 1."""
    from scipy import optimize

    # for an exponent and a floor, the best scale follows; so two parameters are searched
    def parameters(shape: np.ndarray) -> np.ndarray:
        exponent, floor = shape
        powers, above = rows**-exponent / sigma, (errors - floor) / sigma
        return np.array([max(0.0, powers @ above / (powers @ powers)), exponent, floor])

    def residuals(shape: np.ndarray) -> np.ndarray:
        return np.asarray((_power_law(rows, *parameters(shape)) - errors) / sigma)

    highest = max(float(errors.min()), 1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = optimize.least_squares(residuals, [0.3, 0.3 * highest], bounds=([0.01, 0], [1, highest]), max_nfev=50)
    return parameters(found.x)
