"""Random documents with repeated words."""

import numpy as np

from kerascnn.data.ragged import RaggedIds

VOCABULARY = ["", "[UNK]", *("".join(word) for word in np.random.default_rng(3).choice(list("abcde"), (60, 4)))]


def make_documents(count, *, seed, longest=60):
    """Return documents of 0 to ``longest`` tokens, with frequent and rare ones."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, longest, count)
    values = np.minimum(rng.zipf(1.3, lengths.sum()) + 1, len(VOCABULARY) - 1).astype(np.int32)
    return RaggedIds(values, np.concatenate([[0], np.cumsum(lengths)]))


def pad(ids):
    return ids.to_padded(np.arange(len(ids)))
