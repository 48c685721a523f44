"""Texts for every model."""

import pytest


@pytest.fixture(scope="session")
def mixed(news, reviews_zh):
    """64 texts of four classes, English and Chinese."""
    texts, labels = [], []
    for wanted in ("sports", "business"):
        texts += [text for text, label in zip(*news, strict=True) if label == wanted][:16]
        labels += [wanted] * 16
    for wanted in ("pos", "neg"):
        texts += [text for text, label in zip(*reviews_zh, strict=True) if label == wanted][:16]
        labels += [wanted] * 16
    return texts, labels
