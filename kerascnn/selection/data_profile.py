"""What the choice of a model depends on: the size, the scripts and the length of the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kerascnn.audit.scripts import count_scripts, has_unspaced_scripts

MAX_SAMPLED = 2000
"""Texts that scripts and lengths are measured on, at regular intervals."""
MAIN_SCRIPT_FRACTION = 0.9
"""Fraction of the texts from which on the data has one main script."""
SCRIPT_FRACTION = 0.05
"""Fraction of the texts from which on a script must be known to a model."""
ENGLISH_WORDS = frozenset({
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "has", "have", "how", "i", "in", "is",
    "it", "me", "my", "not", "of", "on", "or", "that", "the", "this", "to", "was", "what", "when", "where", "which",
    "who", "will", "with", "you", "your",
})  # fmt: skip
"""Frequent words of English."""
ENGLISH_FRACTION = 0.12
"""Fraction of frequent words from which on text is English; other languages in Latin script share few of them."""


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
        sample = texts[:: -(-len(texts) // MAX_SAMPLED)]
        counts = count_scripts(sample)
        script, count = counts.most_common(1)[0] if counts else ("", 0)
        if count < MAIN_SCRIPT_FRACTION * counts.total():
            script = ""
        is_unspaced = has_unspaced_scripts(counts)
        words = [word for text in sample for word in text.lower().split()]
        frequent = sum(word.strip(".,;:!?\"'()") in ENGLISH_WORDS for word in words)
        characters = sum(map(len, sample)) / len(sample)
        return cls(
            rows=len(texts),
            labels=num_labels,
            script=script,
            scripts=frozenset(name for name, number in counts.items() if number >= SCRIPT_FRACTION * counts.total()),
            is_english=script == "Latin" and frequent >= ENGLISH_FRACTION * len(words),
            is_unspaced=is_unspaced,
            length=round(characters if is_unspaced else len(words) / len(sample), 1),
            characters=round(characters * len(texts)),
        )

    def describe(self) -> str:
        """Return the profile as a line for the user."""
        language = "English" if self.is_english else f"{self.script} script" if self.script else "several scripts"
        unit = "characters" if self.is_unspaced else "words"
        return f"{self.rows:,} rows, {self.labels} labels, {language}, {self.length:,.0f} {unit} a text"
