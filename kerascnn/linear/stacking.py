"""Weight of the linear member beside the network, fitted to held-out predictions."""

from __future__ import annotations

import numpy as np

from kerascnn.tasks import Task

USUAL_WEIGHT = 1.0
"""Without evidence, the log-probabilities of member and network count the same."""
USUAL_WEIGHT_OF_PRETRAINED = 0.3
"""The same beside a trained pretrained encoder, which knows more than few labels teach the member. Chosen on dev."""
PRIOR = 10.0
"""Strength of the prior in nats per squared radian: with few validation rows the weight stays near the usual one."""
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.25, 1.6, 2.0, 3.0, 5.0, 10.0)
"""Weights that are compared."""
MAX_ROWS = 5000
"""Validation rows that are used; more would hardly change the weight."""


def fit_weight(
    logits: np.ndarray,
    scores: np.ndarray,
    targets: np.ndarray,
    task: Task,
    *,
    temperature: float,
    usual_weight: float = USUAL_WEIGHT,
) -> float:
    """Return the weight of the scores at which ``logits + weight * scores`` predicts held-out documents best.

    Logits and scores are divided by their temperatures, so that both are log-probabilities. Each weight is judged by
    the cross-entropy of the sum after another temperature, plus a prior on the angle of the weights (1, weight). Both
    are in nats of all documents together, so that the prior counts less with more documents.

    Args:
        logits: Logits of the network, float (documents, classes).
        scores: Margins of the linear member, float (documents, classes).
        targets: Targets of the documents.
        task: Task of the classifier.
        temperature: Temperature of the scores, from more documents than these, if possible.
        usual_weight: Weight of the log-probabilities of the scores without evidence.

    Returns:
        The weight, 0 or more.
    """
    rows = np.random.default_rng(0).permutation(len(targets))[:MAX_ROWS]  # rows may be sorted by class
    logits, scores, targets = logits[rows], scores[rows], targets[rows]
    network_temperature = task.fit_temperature(logits, targets)
    losses = []
    for weight in WEIGHTS:
        total = logits / network_temperature + weight * scores / temperature
        probabilities = task.compute_probabilities(total, task.fit_temperature(total, targets))
        prior = PRIOR * (np.arctan(weight) - np.arctan(usual_weight)) ** 2
        losses.append(float(task.cross_entropy(targets, probabilities).sum() + prior))
    return WEIGHTS[int(np.argmin(losses))] * network_temperature / temperature
