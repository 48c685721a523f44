"""Confidence intervals of metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def bootstrap_intervals(
    names: Sequence[str],
    num_documents: int,
    compute_metrics: Callable[[np.ndarray], Sequence[float]],
    num_resamples: int = 1000,
) -> dict[str, list[float]]:
    """Return 95 % confidence intervals of metrics over resampled documents (Efron & Tibshirani 1993, section 13.3).

    Args:
        names: Name of each metric.
        num_documents: Number of documents, and of the documents of each resample, drawn with replacement.
        compute_metrics: Function from the positions of the drawn documents, int (num_documents,), to the metrics.
        num_resamples: Number of resamples.

    Returns:
        Name to the 2.5th and the 97.5th percentile.
    """
    generator = np.random.default_rng(0)
    resamples = [compute_metrics(generator.integers(num_documents, size=num_documents)) for _ in range(num_resamples)]
    return dict(zip(names, np.percentile(resamples, [2.5, 97.5], axis=0).T.tolist(), strict=True))
