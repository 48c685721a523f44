"""What the choice of a model depends on: the size, the scripts and the length of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kerascnn.audit.languages import find_main_scripts, is_english, sample_texts
from kerascnn.audit.scripts import count_scripts, has_unspaced_scripts

MAIN_SCRIPT_FRACTION = 0.9
"""Fraction of the texts from which on the data has one main script."""


@dataclass(frozen=True)
class DataProfile:
    """A summary of training data."""

    rows: int
    labels: int
    script: str
    """The script of nearly all texts, such as ``Latin``; empty if there are several."""
    scripts: frozenset[str]
    """All scripts of more than a few texts."""
    is_english: bool
    is_unspaced: bool
    """Whether many texts have no spaces between words."""
    length: float
    """Mean number of words of a text; of characters if it has no spaces."""
    characters: int
    """Characters of all texts, estimated."""

    @classmethod
    def measure(cls, texts: Sequence[str], num_labels: int) -> DataProfile:
        """Measure texts."""
        sample = sample_texts(texts)
        counts = count_scripts(sample)
        script, count = counts.most_common(1)[0] if counts else ("", 0)
        if count < MAIN_SCRIPT_FRACTION * counts.total():
            script = ""
        is_unspaced = has_unspaced_scripts(counts)
        characters = sum(map(len, sample)) / len(sample)
        return cls(
            rows=len(texts),
            labels=num_labels,
            script=script,
            scripts=frozenset(name for name, _ in find_main_scripts(counts)),
            is_english=script == "Latin" and is_english(sample),
            is_unspaced=is_unspaced,
            length=round(characters if is_unspaced else sum(len(text.split()) for text in sample) / len(sample), 1),
            characters=round(characters * len(texts)),
        )

    def describe(self) -> str:
        """Return the profile as a line for the user."""
        language = "English" if self.is_english else f"{self.script} script" if self.script else "several scripts"
        unit = "characters" if self.is_unspaced else "words"
        return f"{self.rows:,} rows, {self.labels} labels, {language}, {self.length:,.0f} {unit} a text"
