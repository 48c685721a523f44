"""A tagger that the server answers with, and its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, Field

from kerascnn.data.tag_schemes import has_spans
from kerascnn.golden import PROBES
from kerascnn.serving.batching import Batcher
from kerascnn.serving.config import ServingConfig, check_limits
from kerascnn.serving.errors import RequestError
from kerascnn.serving.metrics import ServerMetrics
from kerascnn.tagged_texts import TaggedToken, find_entities
from kerascnn.token_classifier import TokenClassifier
from kerascnn.utils.arguments import shorten

DECIMALS = 6
SIGNATURES = {"serving_default": ("tokens",), "text": ("text",)}
"""Signatures of Predict and their inputs, those of an exported SavedModel."""


class Entity(BaseModel):
    """A span of a text, with positions in characters."""

    text: str
    label: str
    start: int
    end: int
    score: float = Field(description="Lowest probability of its tags.")


class Token(BaseModel):
    """A token of a text, with positions in characters."""

    text: str
    start: int
    end: int
    tag: str
    score: float = Field(description="Probability of the tag, given the whole text.")


class TaggedText(BaseModel):
    """The answer for one text."""

    tokens: list[Token]
    entities: list[Entity] | None = Field(default=None, description="The spans, if the tags have spans such as B-PER.")


class TagResponse(BaseModel):
    """The answers of a tagger, in the order of the texts."""

    model: str
    predictions: list[TaggedText]


@dataclass(frozen=True)
class ServedTagger:
    """A tagger with its name, its batches and the limits of requests."""

    name: str
    tagger: TokenClassifier
    config: ServingConfig
    batcher: Batcher

    @classmethod
    def build(cls, name: str, tagger: TokenClassifier, config: ServingConfig, metrics: ServerMetrics) -> ServedTagger:
        """Return a tagger with batches of its own; its functions are compiled before the first request."""
        tagger.predict(PROBES)
        batcher = Batcher(tagger.predict_tokens, config, partial(metrics.observe_batch, name))
        return cls(name, tagger, config, batcher)

    async def tag(self, texts: Sequence[Any]) -> list[list[TaggedToken]]:
        """Return the tagged tokens of the texts, or sentences of tokens, of a request.

        Raises:
            RequestError: There are more or longer texts than the limits allow, or too many others wait.
        """
        check_limits(self.config, texts, "characters" if texts and isinstance(texts[0], str) else "tokens")
        answers: list[list[TaggedToken]] = await self.batcher.predict(list(texts)) if texts else []
        return answers

    async def predict(self, texts: Sequence[str]) -> TagResponse:
        """Return the answers of ``/predict``.

        Raises:
            RequestError: As ``tag``.
        """
        is_spans = has_spans(self.tagger.bundle_.labels)
        answers = await self.tag(texts)
        return TagResponse(
            model=self.name,
            predictions=[
                TaggedText(
                    tokens=[Token(**_round(token)) for token in tokens],
                    entities=[Entity(**_round(entity)) for entity in find_entities(text, tokens)] if is_spans else None,
                )
                for text, tokens in zip(texts, answers, strict=True)
            ],
        )

    async def run_signature(self, name: str, inputs: dict[str, Any]) -> dict[str, list[Any]]:
        """Return the outputs of a signature by name, padded as those of an exported SavedModel.

        Raises:
            RequestError: The input has another form, or as ``tag``.
        """
        rows = inputs["text"] if name == "text" else [_read_tokens(row) for row in _read_list(inputs["tokens"])]
        if name == "text" and not (isinstance(rows, list) and all(isinstance(row, str) for row in rows)):
            raise RequestError(400, f"the input text is a list of strings. Received: {shorten(rows)}")
        answers = await self.tag(rows)
        given = rows if name == "serving_default" else []
        length = max([len(row) for row in [*answers, *(inputs["tokens"] if given else ())]], default=0)

        def pad(attribute: str, padding: Any) -> list[list[Any]]:
            values = [[getattr(token, attribute) for token in row] for row in answers]
            return [[*row, *[padding] * (length - len(row))] for row in values]

        found = {"tags": pad("tag", ""), "scores": pad("score", 0.0)}
        if name == "text":
            found |= {"tokens": pad("text", ""), "starts": pad("start", 0), "ends": pad("end", 0)}
        return found


def _round(answer: Any) -> dict[str, Any]:
    return {**answer._asdict(), "score": round(answer.score, DECIMALS)}


def _read_list(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise RequestError(400, f"the input tokens is a list of lists of strings. Received: {shorten(values)}")
    return values


def _read_tokens(row: Any) -> list[str]:
    """Return the tokens of a sentence without the empty strings at its end, the padding."""
    if not isinstance(row, list) or not all(isinstance(token, str) for token in row):
        raise RequestError(400, f"the input tokens has lists of strings. Received: {shorten(row)}")
    count = len(row)
    while count and not row[count - 1]:
        count -= 1
    if "" in row[:count]:
        raise RequestError(400, "the input tokens has an empty token before the end of a sentence")
    return row[:count]
