"""Texts for every model."""

import pytest


@pytest.fixture(scope="session")
def mixed(news, reviews_zh):
    """Return 64 texts of four classes, English and Chinese."""
    texts, labels = [], []
    for name in ("sports", "business"):
        texts += [text for text, label in zip(*news, strict=True) if label == name][:16]
        labels += [name] * 16
    for name in ("pos", "neg"):
        texts += [text for text, label in zip(*reviews_zh, strict=True) if label == name][:16]
        labels += [name] * 16
    return texts, labels
