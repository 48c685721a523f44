"""Choose a model for training data: ``choose_model`` is what ``--model auto`` means.

A new candidate is one line of ``candidates.CANDIDATES``.
"""

from kerascnn.selection.choice import ModelChoice, check_automatic, choose_model, is_automatic, reject_automatic

__all__ = ["ModelChoice", "check_automatic", "choose_model", "is_automatic", "reject_automatic"]
