"""A folder of static vectors in the format of model2vec."""

from __future__ import annotations

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE, WordPiece

TOKENS = ("[PAD]", "[UNK]", "film", "##s", "good", "bad", "great", "awful", "NASA", ",", "zebra", "##ly", "the")


def build_tokenizer(tokens=TOKENS):
    """Return a tokenizer of pieces that keeps the case of a text."""
    tokenizer = Tokenizer(WordPiece({token: n for n, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(cleanup=False)
    return tokenizer


def build_byte_tokenizer():
    """Return a tokenizer of bytes with the words `` film`` and ``film`` as different pieces."""
    space = "\u0120"
    tokens = [space, "f", "i", "l", "m", space + "f", "il", "ilm", space + "film", "film"]
    merges = [(space, "f"), ("i", "l"), ("il", "m"), (space + "f", "ilm"), ("f", "ilm")]
    tokenizer = Tokenizer(BPE({token: n for n, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def write_folder(folder, rows, *, tokenizer=None, name="embeddings", **others):
    """Write the files of a folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(rows), **others}, folder / "model.safetensors")
    (tokenizer or build_tokenizer()).save(str(folder / "tokenizer.json"))
    return folder
