"""Weights of the Universal Sentence Encoder."""

import zipfile

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


@pytest.mark.parametrize(("changes", "message"), [
    ({"q2": np.zeros((2, EMBEDDING), np.uint8)}, r"q1 has the shape \(\d+, 32\); expected \(\d+, 32\), as a table of"),
    ({"q1": np.zeros(7, np.uint8)}, r"q1 has the shape \(7,\)"),
    ({"scale": np.ones(2, np.float32)}, r"scale and lo have the shapes \(2,\) and \(3,\)"),
])  # fmt: skip
def test_rejects_blocks_of_other_sizes(changes, message, tmp_path):
    arrays = dict(np.load(f"{tiny_sentence_encoder()}/weights.npz"))
    np.savez(tmp_path / "weights.npz", **arrays | changes)
    with pytest.raises(InputError, match=rf"weights\.npz: {message}"):
        use.read_weights(str(tmp_path))


def npy(shape, data=b"", start=b"\x93NUMPY\x01\x00"):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return start + len(header).to_bytes(2, "little") + header.encode() + data


@pytest.mark.parametrize(
    "content",
    [b"", b"no array", npy((10**13,)), npy((-3,)), npy("((("), npy((3,), b"\0"), npy((3,), start=b"\x93NUMPY\x09\x00")],
    ids=["empty", "text", "huge", "negative", "header", "truncated", "version"],
)
def test_rejects_malformed_arrays_in_one_line(tmp_path, content):
    with zipfile.ZipFile(tmp_path / "weights.npz", "w") as archive:
        archive.writestr("scale.npy", content)
    with pytest.raises(InputError, match=r"weights\.npz: not weights of .*download it again") as error:
        use.read_weights(str(tmp_path))
    assert "\n" not in str(error.value)


def test_rejects_arrays_that_expand(tmp_path, monkeypatch):
    monkeypatch.setattr(use, "_MAX_SIZE", 1000)
    np.savez_compressed(tmp_path / "weights.npz", scale=np.zeros(10**6))
    with pytest.raises(InputError, match="declares 8,000,128 bytes, too many for its size"):
        use.read_weights(str(tmp_path))
