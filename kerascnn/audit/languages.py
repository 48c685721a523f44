"""Guess the languages of texts, as far as their scripts and the most frequent words of English show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from kerascnn.audit.scripts import count_scripts, detect_script

MAX_SAMPLED = 2000
"""Texts that languages are guessed from, at regular intervals."""
SCRIPT_FRACTION = 0.05
"""Fraction of the texts from which on a script counts."""
ENGLISH_WORDS = frozenset({
    "an", "and", "are", "at", "be", "been", "but", "by", "can", "for", "from", "had", "have", "how", "if", "it", "its",
    "my", "not", "of", "on", "or", "that", "the", "their", "there", "they", "this", "to", "very", "was", "we", "were",
    "what", "when", "where", "which", "who", "will", "with", "would", "you", "your",
})  # fmt: skip
"""Frequent words of English, without those that are frequent in another language too, such as ``a``, ``i``, ``is``."""
ENGLISH_FRACTION = 0.12
"""Fraction of frequent words from which on text is English; other languages in Latin script share few of them."""
SCRIPT_LANGUAGES = {
    "Han": "zh", "Hiragana": "ja", "Katakana": "ja", "Hangul": "ko", "Thai": "th", "Greek": "el", "Hebrew": "he",
    "Georgian": "ka", "Armenian": "hy", "Khmer": "km", "Lao": "lo", "Myanmar": "my", "Tamil": "ta", "Telugu": "te",
    "Kannada": "kn", "Malayalam": "ml", "Gujarati": "gu", "Sinhala": "si", "Tibetan": "bo",
}  # fmt: skip
"""ISO 639-1 code of the language that nearly all texts of a script have; scripts of many languages are left out."""


def sample_texts(texts: Sequence[str]) -> Sequence[str]:
    """Return at most ``MAX_SAMPLED`` texts at regular intervals."""
    return texts[:: -(-len(texts) // MAX_SAMPLED) or 1]


def is_english(texts: Sequence[str]) -> bool:
    """Return whether texts in Latin script are English."""
    words = [word for text in texts for word in text.lower().split()]
    frequent = sum(word.strip(".,;:!?\"'()") in ENGLISH_WORDS for word in words)
    return frequent >= ENGLISH_FRACTION * len(words)


def measure_scripts(texts: Sequence[str]) -> dict[str, float]:
    """Return the fraction of the texts in each script, the most frequent first; rare scripts are left out."""
    counts = count_scripts(sample_texts(texts))
    return {name: round(number / counts.total(), 3) for name, number in find_main_scripts(counts)}


def find_main_scripts(counts: Counter[str]) -> list[tuple[str, int]]:
    """Return the scripts of more than a few texts with their counts, the most frequent first."""
    return [(name, number) for name, number in counts.most_common() if number >= SCRIPT_FRACTION * counts.total()]


def guess_languages(texts: Sequence[str]) -> list[str]:
    """Return ISO 639-1 codes of the languages of texts, in the order of their scripts; unknown ones are left out."""
    found = []
    for script in measure_scripts(texts):
        code = SCRIPT_LANGUAGES.get(script, "")
        if script == "Latin" and is_english([text for text in sample_texts(texts) if detect_script(text) == script]):
            code = "en"
        found.append(code)
    return list(dict.fromkeys(filter(None, found)))
