"""A tagger that starts from another one keeps its vocabularies."""

from __future__ import annotations

from pathlib import Path

from kerascnn.text.config import TextConfig
from kerascnn.text.token_vectorizer import TokenVectorizer
from kerascnn.transfer import tagger_start


def test_new_tokens_follow_those_of_the_other_tagger(monkeypatch):
    old = ["[PAD]", "[UNK]", *(f"word{i}" for i in range(50_000))]  # many: comparing each pair takes minutes
    new = ["[PAD]", "[UNK]", "anna", *(f"word{i}" for i in range(25_000, 100_000)), "bob"]
    letters, new_letters = ["[PAD]", "[UNK]", "a", "b"], ["[PAD]", "[UNK]", "c", "a"]
    source = TokenVectorizer(TextConfig(), old, letters)
    monkeypatch.setattr(tagger_start, "load_token_vectorizer", lambda folder: source)
    found = tagger_start.inherit_vocabulary(TokenVectorizer(TextConfig(), new, new_letters), Path("other"))
    assert found.vocabulary == [*old, "anna", *(f"word{i}" for i in range(50_000, 100_000)), "bob"]
    assert found.characters == [*letters, "c"]
