"""Small encoders with the tokenizer of XLM-R and random weights, in the files of Hugging Face."""

from __future__ import annotations

import json
from pathlib import Path

from tests.encoders.tiny_preset import DIM, HEADS, INNER, LENGTH, make_arrays, write_safetensors

TOKENIZER_CLASSES = {"xlm-roberta": None, "bert": "XLMRobertaTokenizer"}
"""Kind of the encoder to the class of its tokenizer that ``tokenizer_config.json`` names; ``bert``: multilingual E5."""


def write_multilingual_preset(folder: Path, kind: str, pieces: bytes, num_pieces: int) -> str:
    """Write an encoder for a SentencePiece model, and return its folder.

    Args:
        folder: A new folder.
        kind: A key of ``TOKENIZER_CLASSES``.
        pieces: The file of the SentencePiece model.
        num_pieces: Number of its pieces, the unknown piece included.
    """
    folder.mkdir(parents=True)
    rows = num_pieces + 5  # <pad>, <mask>, and more rows than tokens, as multilingual E5 has
    positions = LENGTH + 2 * (kind == "xlm-roberta")
    config = {"model_type": kind, "vocab_size": rows, "hidden_size": DIM, "intermediate_size": INNER}
    config |= {"num_hidden_layers": 1, "num_attention_heads": HEADS, "max_position_embeddings": positions}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": TOKENIZER_CLASSES[kind]}))
    (folder / "sentencepiece.bpe.model").write_bytes(pieces)
    write_safetensors(folder / "model.safetensors", make_arrays(rows, positions))
    return str(folder)
