"""What all taggers have in common, whichever runtime computes the scores of their tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerascnn.data.tag_schemes import has_spans
from kerascnn.data.token_texts import join_tokens
from kerascnn.tagged_texts import (
    Entity,
    TaggedToken,
    check_sentences,
    check_texts_or_tokens,
    convert_tags,
    find_entities,
    select_scores,
)  # fmt: skip
from kerascnn.tasks.sentence_tagger import SentenceTagger
from kerascnn.tasks.tagging_metrics import evaluate_tags
from kerascnn.utils.argument_names import name_arguments
from kerascnn.utils.errors import InputError


class TagPredictor(ABC):
    """Predicts the tags of tokens by the scores that a subclass computes.

    Attributes:
        classes_: All tags, (tags,).
    """

    classes_: np.ndarray

    @abstractmethod
    def _get_tagger(self) -> SentenceTagger:
        """Return the model with everything around it."""

    @name_arguments
    def predict(self, texts: Sequence[str | Sequence[str]]) -> list[list[str]]:
        """Predict the tag of each token: the most probable sequence of tags of each sentence.

        Args:
            texts: Texts, or lists of tokens. A text is split into words and punctuation marks; ``predict_tokens`` has
                the words.
        """
        return [[token.tag for token in tokens] for tokens in self.predict_tokens(texts)]

    @name_arguments
    def predict_proba(self, texts: Sequence[str | Sequence[str]]) -> list[np.ndarray]:
        """Return the probabilities of all tags of each token, float32 (tokens, tags), in the order of ``classes_``.

        They are marginal probabilities, given the whole sentence.
        """
        sentences = [[token[0] for token in tokens] for _, tokens in map(self._tokenize, check_texts_or_tokens(texts))]
        return [probabilities for _, probabilities in self.tag_sentences(sentences)]

    @name_arguments
    def predict_tokens(self, texts: Sequence[str | Sequence[str]]) -> list[list[TaggedToken]]:
        """Return the tokens of each text with their tags, probabilities, and positions in the text.

        Positions in a list of tokens are those in the tokens joined by spaces, see ``data.token_texts.join_tokens``.
        """
        tokenized = [self._tokenize(text)[1] for text in check_texts_or_tokens(texts)]
        answers = self.tag_sentences([[token[0] for token in tokens] for tokens in tokenized])
        labels = self._get_tagger().labels
        return [
            [
                TaggedToken(*token, tag, score)
                for token, tag, score in zip(tokens, tags, select_scores(labels, tags, values).tolist(), strict=True)
            ]
            for tokens, (tags, values) in zip(tokenized, answers, strict=True)
        ]

    @name_arguments
    def predict_entities(self, texts: Sequence[str | Sequence[str]]) -> list[list[Entity]]:
        """Return the spans of each text with label, positions in the text, and probability.

        Raises:
            InputError: The tags have no spans, as parts of speech.
        """
        if not has_spans(self._get_tagger().labels):
            raise InputError("the tags have no spans such as B-PER; call predict_tokens for the tag of each token")
        texts = check_texts_or_tokens(texts)
        sources = [text if isinstance(text, str) else join_tokens(text)[0] for text in texts]
        return [find_entities(text, tokens) for text, tokens in zip(sources, self.predict_tokens(texts), strict=True)]

    @name_arguments
    def evaluate(self, texts: Sequence[Sequence[str]], labels: Sequence[Sequence[str]]) -> dict[str, Any]:
        """Return the metrics of tagged sentences, see ``tasks.tagging_metrics.evaluate_tags``.

        Args:
            texts: Sentences, each a list of tokens.
            labels: The tag of each token.

        Raises:
            InputError: A tag has no prefix, and the tagger finds spans.
        """
        sentences, tags = check_sentences(texts, labels)
        tags = convert_tags(sentences, tags, "evaluation")
        predicted = [found for found, _ in self.tag_sentences(sentences)]
        return evaluate_tags(tags, predicted, sentences, is_spans=has_spans(self.classes_))

    def tag_sentences(self, sentences: Sequence[Sequence[str]]) -> list[tuple[list[str], np.ndarray]]:
        """Return the tags of sentences of tokens, and the probabilities of all tags, float32 (tokens, tags) each."""
        return self._get_tagger().tag(sentences)

    def _tokenize(self, text: str | Sequence[str]) -> tuple[str, list[tuple[str, int, int]]]:
        """Return a text, and its tokens with their positions."""
        if isinstance(text, str):
            return text, [(text[a:b], a, b) for a, b in self._get_tagger().split(text)]
        joined, tokens = join_tokens(text)
        return joined, [(token.text, token.start, token.end) for token in tokens]
