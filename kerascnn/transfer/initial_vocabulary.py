"""Start from the vocabulary of another bundle."""

from __future__ import annotations

from pathlib import Path

from kerascnn import bundle
from kerascnn.text.config import TextConfig
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError

MATCHING_SETTINGS = ("level", "split", "standardize", "normalize")
"""Settings of ``TextConfig`` that decide what a token is."""


def inherit_vocabulary(vectorizer: Vectorizer, folder: str) -> Vectorizer:
    """Return a vectorizer with the vocabulary of a bundle, followed by the new tokens of the training texts.

    The tokens of the bundle keep their ids.

    Args:
        vectorizer: Vectorizer of the training texts.
        folder: Folder of the bundle.

    Raises:
        InputError: See ``load_initial_vectorizer``.
    """
    source = load_initial_vectorizer(folder, vectorizer.settings)
    if vectorizer.sentencepiece and source.sentencepiece:
        pieces = source.sentencepiece.extend(vectorizer.sentencepiece)
        return Vectorizer(vectorizer.settings, pieces.tokens, sentencepiece=pieces)
    known = set(source.vocabulary)
    added = [token for token in vectorizer.vocabulary if token not in known]
    return Vectorizer(vectorizer.settings, [*source.vocabulary, *added], vectorizer.stop_words)


def load_initial_vectorizer(folder: str, settings: TextConfig) -> Vectorizer:
    """Load the vectorizer of a bundle that a run with these text settings starts from.

    Raises:
        InputError: It cannot be loaded, or its text settings differ; the message names the setting.
    """
    source = bundle.load_vectorizer(Path(folder))
    for name in MATCHING_SETTINGS:
        new, old = getattr(settings, name), getattr(source.settings, name)
        if new != old:
            raise InputError(f"{folder} has text.{name} {old!r}, this run has {new!r}; use the same value")
    return source
