"""Check before an export that the model predicts numbers."""

from __future__ import annotations

import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.data.ragged import RaggedIds
from kerascnn.golden import PROBES, check_finite


def check_model(bundle: Bundle) -> None:
    """Check the logits of the golden texts.

    Raises:
        InputError: One is NaN.
    """
    ids = RaggedIds(*bundle.vectorizer.encode(PROBES)).to_padded(np.arange(len(PROBES)))
    check_finite(np.asarray(bundle.model(ids, training=False)), PROBES, "train it again")
