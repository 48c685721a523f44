"""Which n-grams of a text made a decision: an attribution in the words of the text, for people and for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from kerascnn.evaluation.attribution import Attribution
    from kerascnn.text.offsets import TokenSpan

BEFORE, BEHIND = "[START]", "[END]"
"""What the network itself puts before and behind a text."""

MARKS = {1: ("{+", "+}"), 0: ("", ""), -1: ("[-", "-]")}
COLORS = {1: ("\033[1;34m", "\033[0m"), 0: ("", ""), -1: ("\033[4;31m", "\033[0m")}
"""For, beside, and against a label: bold and blue, plain, underlined and red."""
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Contribution:
    """An n-gram and what it adds to the logit."""

    text: str
    """As it stands in the source; ``[START]`` and ``[END]`` for what the network puts around it."""
    start: int | None
    """Code points before it; None for what does not stand in the text."""
    end: int | None
    """Code points up to its end."""
    contribution: float
    """In logits; above 0 it speaks for the label, below 0 against it."""


@dataclass(frozen=True)
class Explanation:
    """Why a text got a label, or how much speaks for another one.

    ``bias`` and all contributions together are the logit: exactly where the method is ``filters``, and to
    ``attribution.TOLERANCE`` where it is ``integrated gradients``. The logit is the network's own, before the
    temperature; the score comes after it.
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
    """The strongest first."""
    passages: tuple[tuple[str, float], ...]
    """The whole text in parts, each with its strength from -1, against the label, to 1, for it; of the contribution of
    an n-gram each of its tokens gets the same part."""

    def to_dict(self) -> dict[str, Any]:
        """All but the text and its passages, ready for JSON."""
        return {
            "label": self.label if isinstance(self.label, str) else str(self.label),
            "score": round(self.score, 6),
            "logit": round(self.logit, 6),
            "bias": round(self.bias, 6),
            "method": self.method,
            "contributions": [
                {"text": x.text, "start": x.start, "end": x.end, "contribution": round(x.contribution, 6)}
                for x in self.contributions
            ],
        }

    def marked(self, *, color: bool) -> str:
        """The text for a terminal: what speaks for the label and what against it in color, or {+so+} and [-so-]."""
        marks = COLORS if color else MARKS
        signs = _joined([(text, int(np.sign(level))) for text, level in levels(self.passages, 2)])
        return "".join(marks[sign][0] + printable(text) + marks[sign][1] for text, sign in signs)


def explanation(
    text: str, tokens: Sequence[TokenSpan], attribution: Attribution, *, label: Any, score: float
) -> Explanation:
    """An attribution to ids as one to the text that they were made from.

    Args:
        text: The document.
        tokens: Its tokens, one for each id.
        attribution: Of these ids.
        label: The class that it explains.
        score: Calibrated probability of it.
    """
    found, by_token = [], np.zeros(len(tokens))
    for (first, stop), share in zip(attribution.windows, attribution.shares, strict=True):
        if first == stop:
            found.append(Contribution(BEFORE if stop == 0 else BEHIND, None, None, share))
            continue
        start, end = min(t.start for t in tokens[first:stop]), max(t.end for t in tokens[first:stop])
        found.append(Contribution(text[start:end], start, end, share))
        by_token[first:stop] += share / (stop - first)
    return Explanation(
        text=text, label=label, score=score, logit=float(attribution.logits[attribution.target]),
        bias=attribution.bias, method=attribution.method,
        contributions=tuple(sorted(found, key=lambda x: -abs(x.contribution))),
        passages=tuple(_passages(text, tokens, by_token)),
    )  # fmt: skip


def _passages(text: str, tokens: Sequence[TokenSpan], by_token: np.ndarray) -> list[tuple[str, float]]:
    """The text in parts: tokens, as one where they were made from the same characters, and what lies between."""
    spans: list[list] = []
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


def levels(passages: Sequence[tuple[str, float]], count: int) -> list[tuple[str, int]]:
    """Passages with whole numbers for strengths, -count to count; neighbours of the same number are one."""
    return _joined([(text, round(strength * count)) for text, strength in passages])


def _joined(passages: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Neighbours of the same level as one passage, together with the space between them."""
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


def printable(text: str) -> str:
    """A text without what would steer a terminal or break a page; U+FFFD stands in for it."""
    return _CONTROL.sub("\ufffd", text)
