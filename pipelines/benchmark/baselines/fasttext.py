"""The baseline ``fasttext``: the classifier of the fastText library (Joulin et al. 2017)."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kerascnn.utils.optional_packages import import_optional
from pipelines.benchmark.baselines.selection import MARKS, lacks_spaces, selection_data
from pipelines.benchmark.data_sets import LabelledRows

NGRAMS = (1, 2, 3)
"""Longest n-grams of tokens to choose from."""
EPOCHS = (5, 100)
"""Fewest and most epochs."""
UPDATES = 100_000
"""Number of rows that a training reads in all its epochs together, where the limits of the epochs allow it."""
LEARNING_RATE = 0.5
BUCKETS = 2_000_000
"""Largest number of buckets for hashed n-grams, fastText's default; small data sets get ten buckets per token."""
FEW_ROWS = 500
"""Number of rows up to which the choice is made by cross-validation, in 5 folds; of more, a tenth is held out."""
LABEL = "<label>"
"""Start of a label in a file of fastText; no token starts with it, because marks are tokens of their own."""


class FastText:
    """A fastText classifier.

    Args:
        module: The package ``fasttext``.
        has_characters: Whether the tokens are characters, not words and punctuation marks.
        seed: Seed of the weights.
        ngrams: Longest n-grams of tokens.
    """

    def __init__(self, module: Any, has_characters: bool, seed: int, ngrams: int) -> None:
        self.module, self.seed, self.ngrams = module, seed, ngrams
        self.pattern = re.compile(r"\S" if has_characters else MARKS)
        self.epochs = 0
        self.names: list[str] = []
        self.model: Any = None

    def fit(self, texts: Sequence[str], labels: Sequence[str]) -> None:
        """Train in one thread: several threads make the result random."""
        self.names = sorted(set(labels))
        self.epochs = min(max(EPOCHS[0], -(-UPDATES // len(texts))), EPOCHS[1])
        numbers = {name: number for number, name in enumerate(self.names)}
        lines = [f"{LABEL}{numbers[label]} {self._tokenize(text)}" for text, label in zip(texts, labels, strict=True)]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
            self.model = self.module.train_supervised(
                str(file), label=LABEL, wordNgrams=self.ngrams, epoch=self.epochs, lr=LEARNING_RATE,
                bucket=min(BUCKETS, 10 * sum(map(len, map(str.split, lines)))), thread=1, seed=self.seed, verbose=0,
            )  # fmt: skip

    def predict(self, texts: Sequence[str]) -> Sequence[str]:
        """Return the label of each text."""
        found, _ = self.model.predict([self._tokenize(text) for text in texts])
        return [self.names[int(labels[0].removeprefix(LABEL))] for labels in found]

    def count_parameters(self) -> int:
        """Return the number of weights, those of the hashed n-grams included."""
        return int(self.model.get_input_matrix().size + self.model.get_output_matrix().size)

    def _tokenize(self, text: str) -> str:
        return " ".join(self.pattern.findall(text.lower()))


def choose(rows: LabelledRows, seed: int) -> FastText:
    """Choose the longest n-grams by accuracy.

    Args:
        rows: The data set; without validation rows the choice is made by cross-validation, of many rows with the first
            of 10 folds only.
        seed: Seed of the folds and of the classifier.

    Raises:
        InputError: The package is not installed.
    """
    import numpy as np

    module = import_optional("fasttext", "benchmark")
    has_few = len(rows.train) <= FEW_ROWS
    texts, labels, folds = selection_data(rows, 5 if has_few else 10, seed)
    has_characters = lacks_spaces(texts)

    def score(ngrams: int) -> float:
        hits: list[bool] = []
        for fit, held_out in folds if has_few else folds[:1]:
            classifier = FastText(module, has_characters, seed, ngrams)
            classifier.fit([texts[i] for i in fit], [labels[i] for i in fit])
            predictions = classifier.predict([texts[i] for i in held_out])
            hits += [labels[i] == prediction for i, prediction in zip(held_out, predictions, strict=True)]
        return float(np.mean(hits))

    return FastText(module, has_characters, seed, max(NGRAMS, key=score))
