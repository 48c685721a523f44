"""Explanations: which n-grams of a text support a label, and which oppose it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from kerascnn.data.label_types import name_label
from kerascnn.evaluation.templates import load_template

if TYPE_CHECKING:
    from kerascnn.evaluation.attribution_base import Attribution
    from kerascnn.text.offsets import TokenSpan

START, END = "[START]", "[END]"
"""Names of the padding that the model itself adds before and after a text."""

BRACKETS = {1: ("{+", "+}"), 0: ("", ""), -1: ("[-", "-]")}
"""Around passages that support a label, neutral ones, and passages that oppose it."""
COLORS = {1: ("\033[1;34m", "\033[0m"), 0: ("", ""), -1: ("\033[4;31m", "\033[0m")}
"""The same for a terminal: bold and blue, plain, underlined and red."""
NUM_SHADES = 4
"""Number of strengths of the color behind a passage in HTML."""
MAX_SHOWN_NGRAMS = 8
"""Most n-grams of an explanation for people."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Contribution:
    """An n-gram and its contribution to the logit."""

    text: str
    """The n-gram as in the source; ``[START]`` or ``[END]`` for padding that the model adds."""
    start: int | None
    """Offset of its first code point; None for padding."""
    end: int | None
    """Offset after its last code point; None for padding."""
    contribution: float
    """In logits; positive if it supports the label, negative if it opposes it."""


@dataclass(frozen=True)
class Explanation:
    """The n-grams of a text that support a label, and those that oppose it.

    The sum of ``bias`` and all contributions is the logit: exactly for the method ``filters``, and within
    ``attribution.TOLERANCE`` for ``integrated gradients``. The logit is the model's own, before the temperature; the
    score is computed after it.
    """

    text: str
    label: Any
    score: float
    """Calibrated probability of the label, 0 to 1."""
    logit: float
    bias: float
    method: str
    """``filters`` or ``integrated gradients``, see ``evaluation.attribution``."""
    contributions: tuple[Contribution, ...]
    """N-grams, the strongest first."""
    passages: tuple[tuple[str, float], ...]
    """The whole text in parts, each with a strength from -1 (opposes the label) to 1 (supports it). The contribution of
    an n-gram is divided equally among its tokens."""

    def to_dict(self) -> dict[str, Any]:
        """Return everything except the text and its passages, ready for JSON."""
        return {
            "label": self.label,
            "score": round(self.score, 6),
            "logit": round(self.logit, 6),
            "bias": round(self.bias, 6),
            "method": self.method,
            "contributions": [
                {"text": x.text, "start": x.start, "end": x.end, "contribution": round(x.contribution, 6)}
                for x in self.contributions
            ],
        }

    def to_text(self, *, color: bool) -> str:
        """Return the text for a terminal, with its supporting and opposing passages in color or as {+…+} and [-…-]."""
        styles = COLORS if color else BRACKETS
        signs = _merge_neighbors([(text, int(np.sign(level))) for text, level in quantize_strengths(self.passages, 2)])
        return "".join(styles[sign][0] + replace_control_characters(text) + styles[sign][1] for text, sign in signs)

    def to_html(self) -> str:
        """Return the text with its supporting and opposing passages in color, and the strongest n-grams, as HTML."""
        template = load_template("explanation.html.j2", plain=replace_control_characters)
        strongest = self.contributions[:MAX_SHOWN_NGRAMS]
        return template.render(
            explanation=self,
            label=replace_control_characters(name_label(self.label)),
            passages=quantize_strengths(self.passages, NUM_SHADES),
            strongest=strongest,
            rest=self.logit - self.bias - sum(x.contribution for x in strongest),
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return self.to_html()


def render_explanations(explanations: Iterable[Explanation], title: str) -> Iterator[str]:
    """Yield the parts of a page of explanations in HTML, which needs no other file.

    Args:
        explanations: The explanations, which are read one after another.
        title: Title of the page.
    """
    template = load_template("explanations.html.j2", plain=replace_control_characters)
    yield from template.generate(explanations=explanations, title=title)


def explain_attribution(
    text: str, tokens: Sequence[TokenSpan], attribution: Attribution, *, label: Any, score: float
) -> Explanation:
    """Convert an attribution of ids to an explanation of the text.

    Args:
        text: The document.
        tokens: Its tokens with their offsets, one for each id.
        attribution: Attribution to these ids.
        label: The label that it explains.
        score: Calibrated probability of the label.
    """
    contributions, by_token = [], np.zeros(len(tokens))
    for (first, stop), share in zip(attribution.spans, attribution.contributions, strict=True):
        if first == stop:
            contributions.append(Contribution(START if stop == 0 else END, None, None, share))
            continue
        start, end = min(t.start for t in tokens[first:stop]), max(t.end for t in tokens[first:stop])
        contributions.append(Contribution(text[start:end], start, end, share))
        by_token[first:stop] += share / (stop - first)
    return Explanation(
        text=text, label=label, score=score, logit=float(attribution.logits[attribution.target]),
        bias=attribution.bias, method=attribution.method,
        contributions=tuple(sorted(contributions, key=lambda x: -abs(x.contribution))),
        passages=tuple(_split_into_passages(text, tokens, by_token)),
    )  # fmt: skip


def _split_into_passages(text: str, tokens: Sequence[TokenSpan], by_token: np.ndarray) -> list[tuple[str, float]]:
    """Return the text in parts: tokens, merged where they share characters, and the text between them."""
    spans: list[list[Any]] = []
    for token, share in zip(tokens, by_token, strict=True):
        if spans and token.start < spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], token.end)
            spans[-1][2] += share
        else:
            spans.append([token.start, token.end, share])
    strongest = max((abs(share) for *_, share in spans), default=0.0) or 1.0
    parts, last = [], 0
    for start, end, share in spans:
        parts += [(text[last:start], 0.0), (text[start:end], float(share / strongest))]
        last = end
    return [(part, strength) for part, strength in [*parts, (text[last:], 0.0)] if part]


def quantize_strengths(passages: Sequence[tuple[str, float]], num_levels: int) -> list[tuple[str, int]]:
    """Return passages with strengths rounded to -num_levels … num_levels; equal neighbors are merged."""
    return _merge_neighbors([(text, round(strength * num_levels)) for text, strength in passages])


def _merge_neighbors(passages: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Merge neighbors of the same level, together with the space between them."""
    joined: list[tuple[str, int]] = []
    for text, level in passages:
        if len(joined) > 1 and joined[-1][0].isspace() and joined[-2][1] == level:
            (first, _), (space, _) = joined.pop(-2), joined.pop()
            joined.append((first + space + text, level))
        elif joined and joined[-1][1] == level:
            joined.append((joined.pop()[0] + text, level))
        else:
            joined.append((text, level))
    return joined


def replace_control_characters(text: str) -> str:
    """Replace characters that control a terminal or break a page by U+FFFD."""
    return _CONTROL.sub("\ufffd", text)
