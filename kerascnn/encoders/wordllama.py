"""WordLlama, static vectors of pieces of English words, from an installed package.

32,000 vectors of 256 numbers, distilled from the token embeddings of large language models and trained on pairs of
sentences (github.com/dleemiller/WordLlama); MIT license, a package of 19 MB.
"""

from __future__ import annotations

from kerascnn.encoders.packages import DataPackage

WEIGHTS, TOKENIZER = "weights/l2_supercat_256.safetensors", "tokenizers/l2_supercat_tokenizer_config.json"

NAME = "wordllama"
"""Name of the vectors in settings."""
ORIGIN = "Started from WordLlama's static vectors (MIT), of the package wordllama 0.4.0.post1 (MIT)."
"""Origin and license, for model cards."""
PACKAGE = DataPackage(
    module="wordllama",
    install='pip install "kerascnn[vectors]"',
    files={
        WEIGHTS: "64b47a2dc493cb8e85944076601189739852d7b64e0e1eedcb1937a251cd9fd5",
        TOKENIZER: "93248f2a9ec36c7b35f700a033d5f36228aae48db61aee31007fa49062cdeb68",
    },
)
