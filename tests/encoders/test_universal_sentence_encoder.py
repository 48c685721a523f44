"""Weights of the Universal Sentence Encoder."""

import numpy as np
import pytest

from kerascnn.encoders import universal_sentence_encoder as use
from kerascnn.utils.errors import InputError
from tests.encoders.tiny_encoder import BLOCKS, EMBEDDING, FILTERS, HIDDEN, SENTENCE, tiny_sentence_encoder


def test_reads_the_installed_package():
    sizes = use.read_sizes("")
    assert (sizes.embedding_dim, sizes.filters, sizes.hidden_units, sizes.sentence_dim) == (512, 256, 320, 512)
    assert use.find_sentencepiece_model("").name == "sp.model"


def test_reads_a_folder():
    sizes = use.read_sizes(tiny_sentence_encoder())
    assert (sizes.embedding_dim, sizes.filters, sizes.hidden_units, sizes.sentence_dim) == (
        EMBEDDING,
        FILTERS,
        HIDDEN,
        SENTENCE,
    )
    weights = use.read_weights(tiny_sentence_encoder())
    blocks = np.load(f"{tiny_sentence_encoder()}/weights.npz")
    for piece in (0, 1, 7, len(weights.table) - 1):
        block, row = piece % BLOCKS, piece // BLOCKS
        vector = blocks[f"q{block + 1}"][row] * blocks["scale"][block] + blocks["lo"][block]
        found = weights.table[piece] * weights.scale[piece] + weights.offset[piece]
        np.testing.assert_allclose(found, vector, rtol=1e-6)


def test_rejects_missing_and_damaged_files(tmp_path):
    with pytest.raises(InputError, match=r"weights\.npz: no such file; give --network\.weights a folder .*kerascnn"):
        use.read_sizes(str(tmp_path))
    (tmp_path / "weights.npz").write_bytes(b"PK no archive")
    with pytest.raises(InputError, match=r"weights\.npz: not weights of the Universal Sentence Encoder"):
        use.read_sizes(str(tmp_path))
    np.savez(tmp_path / "weights.npz", other=np.zeros(3))
    with pytest.raises(InputError, match="not weights of the Universal Sentence Encoder"):
        use.read_weights(str(tmp_path))
    np.savez(tmp_path / "weights.npz", scale=np.array([object()]))
    with pytest.raises(InputError, match="not weights of the Universal Sentence Encoder"):
        use.read_sizes(str(tmp_path))
