"""A small BERT with random weights, in the files of Hugging Face, written without TensorFlow."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import tempfile
from pathlib import Path

import numpy as np

VERSION = 1
"""To be raised when the content of the files changes."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
MARKS = ".,!?'\"-:;()，。！？"
WORDS = ("the", "of", "and", "to", "in", "said", "is", "for", "on", "market", "game", "win", "rate", "company", "us")
HAN = (
    "的一了是不在有我他这大来到时要就会可也你得出对生能子那于着下自之年过发后作里用道然家事成方多去法"
    "学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日很房间酒店服务员价格早餐"
    "错差电脑书质量买送快便宜舒适满意失望屏幕机器感觉环境宾馆非常系统问题住"
)
DIM, INNER, HEADS, LENGTH = 32, 48, 2, 64


def tiny_preset() -> str:
    """Return the folder of the preset; it is written once and always the same."""
    folder = Path(tempfile.gettempdir()) / f"kerascnn-tiny-preset-{getpass.getuser()}-{VERSION}"
    if not folder.exists():
        partial = tempfile.mkdtemp(dir=folder.parent)
        write_preset(Path(partial))
        with contextlib.suppress(OSError):  # another process has written it in the meantime
            os.rename(partial, folder)
    return str(folder)


def write_preset(folder: Path) -> None:
    """Write ``config.json``, ``tokenizer_config.json``, ``vocab.txt`` and ``model.safetensors``."""
    pieces = [*SPECIAL, *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS, *MARKS, *HAN]
    pieces = list(dict.fromkeys(pieces))
    sizes = {"vocab_size": len(pieces), "hidden_size": DIM, "intermediate_size": INNER, "num_hidden_layers": 1}
    config = {"model_type": "bert", "num_attention_heads": HEADS, "max_position_embeddings": LENGTH, **sizes}
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", encoding="utf-8")
    write_safetensors(folder / "model.safetensors", make_arrays(len(pieces)))


def make_arrays(num_pieces: int, num_positions: int = LENGTH) -> dict[str, np.ndarray]:
    """Return random weights by the names of Hugging Face."""
    rng = np.random.default_rng(0)

    def dense(name: str, inputs: int, units: int) -> dict[str, np.ndarray]:
        kernel = rng.normal(0, inputs**-0.5, (units, inputs)).astype(np.float32)
        return {f"{name}.weight": kernel, f"{name}.bias": np.zeros(units, np.float32)}

    def normalization(name: str) -> dict[str, np.ndarray]:
        return {f"{name}.weight": np.ones(DIM, np.float32), f"{name}.bias": np.zeros(DIM, np.float32)}

    arrays = {}
    for name, rows, scale in (("word", num_pieces, 1.0), ("position", num_positions, 0.1), ("token_type", 2, 0.1)):
        arrays[f"embeddings.{name}_embeddings.weight"] = rng.normal(0, scale, (rows, DIM)).astype(np.float32)
    layer = "encoder.layer.0"
    for part in ("query", "key", "value"):
        arrays |= dense(f"{layer}.attention.self.{part}", DIM, DIM)
    arrays |= dense(f"{layer}.attention.output.dense", DIM, DIM)
    arrays |= dense(f"{layer}.intermediate.dense", DIM, INNER) | dense(f"{layer}.output.dense", INNER, DIM)
    for name in ("embeddings", f"{layer}.attention.output", f"{layer}.output"):
        arrays |= normalization(f"{name}.LayerNorm")
    return arrays | dense("pooler.dense", DIM, DIM)


def write_safetensors(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays in the format of safetensors: the length of a JSON header, the header, the values."""
    header, start = {}, 0
    for name, array in arrays.items():
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [start, start + array.nbytes]}
        start += array.nbytes
    encoded = json.dumps(header).encode()
    values = b"".join(array.tobytes() for array in arrays.values())
    path.write_bytes(len(encoded).to_bytes(8, "little") + encoded + values)
