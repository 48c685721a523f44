"""The vectors of words in the files of the embedding projector, in TensorBoard or at projector.tensorflow.org."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerascnn.bundle import Bundle
from kerascnn.text.escaped_lines import write_escaped_lines
from kerascnn.text.vocabulary import RESERVED_TOKENS

VECTORS, TOKENS, CONFIG = "vectors.tsv", "metadata.tsv", "projector_config.pbtxt"
"""The files: a vector a line, its token in the same line of the second file, and what TensorBoard reads first."""
MAX_TOKENS = 10_000
"""Most tokens that are written; a browser draws more only slowly."""


def write_projector(bundle: Bundle, folder: Path) -> bool:
    """Write the vectors of the most frequent tokens of a trained model.

    Args:
        bundle: The classifier.
        folder: The folder. TensorBoard finds the files if it is the folder of a run, or that of ``--logdir``.

    Returns:
        Whether the model has vectors of tokens; without them nothing is written.
    """
    names = [*bundle.roles.embeddings, *bundle.roles.ngram_embeddings]
    tokens = bundle.vectorizer.vocabulary[len(RESERVED_TOKENS) :][:MAX_TOKENS]
    if not names or not tokens:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    ids = np.arange(len(tokens), dtype=np.int32)[None] + len(RESERVED_TOKENS)
    vectors = np.asarray(bundle.model.get_layer(names[0])(ids), np.float32)[0]
    np.savetxt(folder / VECTORS, vectors, fmt="%.5g", delimiter="\t", encoding="utf-8")
    write_escaped_lines(folder / TOKENS, tokens)
    config = (
        f'embeddings {{\n  tensor_name: "{names[0]}"\n  tensor_path: "{VECTORS}"\n  metadata_path: "{TOKENS}"\n}}\n'
    )
    (folder / CONFIG).write_text(config, encoding="utf-8", newline="\n")
    return True
