"""``char_id_cnn``: dilated convolutions over characters, each of which gets a label; for Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kerascnn.models import register
from kerascnn.models.id_cnn import DilatedCNN
from kerascnn.settings import PositiveInt, Rate
from kerascnn.text.config import TextConfig


@register("char_id_cnn")
@dataclass(frozen=True, kw_only=True)
class CharacterDilatedCNN(DilatedCNN):
    """Tagger of characters: character vectors, hashed n-grams of characters, and dilated convolutions."""

    good_for: ClassVar[str] = "a label for each Chinese or Japanese character: entities, segmentation"
    learning_rate: ClassVar[float] = 4e-3
    parameter_count: ClassVar[int] = 6_686_488
    text: ClassVar[TextConfig] = TextConfig(
        level="character", max_tokens=20_000, min_count=2, standardize=("width", "lowercase")
    )

    character_ngrams: tuple[PositiveInt, ...] = (2, 3)
    """Lengths, from 2, of the hashed n-grams of characters that begin and end at each character; empty: no n-grams."""
    block_dropout: Rate = 0.3
    """Fraction of the inputs of the convolutions, except the first, that is dropped in training, 0 to below 1."""
