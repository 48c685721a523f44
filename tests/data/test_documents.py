"""Texts and labels that are given in Python."""

from __future__ import annotations

from collections import Counter

from kerascnn.data.config import SourceConfig
from kerascnn.data.documents import split_validation
from kerascnn.tasks import SINGLE_LABEL
from tests.data.real_text import ENGLISH


def test_validation_documents_are_labelled_and_not_trained_on():
    texts, labels = [text for text, _ in ENGLISH], [label for _, label in ENGLISH]
    again = [*texts, *texts, "A text that nobody labelled."]
    kept, held_out = split_validation(
        again,
        [*((label,) for label in labels), *[()] * len(texts), ()],
        SourceConfig(validation_fraction=0.5),
        SINGLE_LABEL,
        [True] * len(texts) + [False] * (len(texts) + 1),
    )
    assert set(Counter(labels[row] for row in held_out)) == set(labels)
    assert not {again[row] for row in kept} & {again[row] for row in held_out}
    assert len(again) - 1 in kept
    assert len(kept) + 2 * len(held_out) == len(again)
