"""Tokens of a text and where in it each stands: the rules of ``plain``, with an eye on every character's origin."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from kerascnn.text import python_tokenizer

Span = tuple[int, int]
"""Where in the source something stands: its first character and the one behind its last, in code points."""
Aligned = tuple[str, list[Span]]
"""A text, and what of the source each of its characters was made from."""

# What normalization works on at a time: a letter with the marks, half-width sound marks or jamo behind it; where that
# is not enough, a word.
_UNITS = ("(?s:.)[\\p{M}\uff9e\uff9f\u1160-\u11ff]*", "\\s*\\S+|\\s+")


@dataclass(frozen=True)
class TokenSpan:
    """A token and the part of the source that it was made from."""

    text: str
    start: int
    """Code points before it."""
    end: int
    """Code points up to its end."""


def tokenize_with_offsets(
    text: str,
    rules: Sequence[Sequence],
    *,
    level: str,
    max_length: int,
    stop_words: Collection[str] = (),
    pieces: Collection[str] = (),
) -> list[TokenSpan]:
    """Split a text into the tokens of ``plain.tokenize``, which explains the arguments, each with its place in it."""
    text, spans = apply_rules(_repaired(text), rules)
    kept = []
    for match in re.finditer("(?s:.)" if level == "character" else "[^ ]+", text):
        if match[0] not in stop_words:
            kept += _pieces(match[0], spans[match.start() : match.end()], pieces)
    return kept[:max_length]


def _pieces(word: str, spans: list[Span], known: Collection[str]) -> list[TokenSpan]:
    """A word, whole or in WordPieces."""
    if not known or (parts := python_tokenizer.split_into_pieces(word, known)) == [python_tokenizer.UNKNOWN_TOKEN]:
        return [_token(python_tokenizer.UNKNOWN_TOKEN if known else word, spans)]
    found, at = [], 0
    for part in parts:
        size = len(part.removeprefix("##")) if at else len(part)
        found.append(_token(part, spans[at : at + size]))
        at += size
    return found


def _token(text: str, spans: list[Span]) -> TokenSpan:
    return TokenSpan(text, *_around(spans))


def _around(spans: Sequence[Span]) -> Span:
    return min(start for start, _ in spans), max(end for _, end in spans)


def _repaired(text: str) -> Aligned:
    """A text without lone surrogates, as ``plain.tokenize`` has it: each byte of one becomes U+FFFD."""
    repair = _letter_by_letter(lambda part: part.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    return repair(text, [(place, place + 1) for place in range(len(text))])


def apply_rules(aligned: Aligned, rules: Sequence[Sequence]) -> Aligned:
    """Run the rules on a text, as ``plain.apply`` does, and say what of the source each character comes from."""
    for name, *arguments in rules:
        aligned = _RULES[name](*aligned, *arguments)
    return aligned


def _replace(text: str, spans: list[Span], pattern: str, rewrite: str) -> Aligned:
    literals_and_groups = re.split(r"\\(\d)", rewrite)
    written, found, last = [], [], 0
    for match in python_tokenizer.compile_pattern(pattern).finditer(text):
        written.append(text[last : match.start()])
        found += spans[last : match.start()]
        for number, part in enumerate(literals_and_groups):
            group = int(part) if number % 2 else None
            written.append(part if group is None else match[group])
            found += (
                [_around(spans[match.start() : match.end()])] * len(part)
                if group is None
                else spans[match.start(group) : match.end(group)]
            )
        last = match.end()
    return "".join([*written, text[last:]]), found + spans[last:]


def _unless(text: str, spans: list[Span], pattern: str, *rules: Sequence) -> Aligned:
    return (
        (text, spans)
        if python_tokenizer.compile_pattern(pattern).fullmatch(text)
        else apply_rules((text, spans), rules)
    )


def _longest_match(text: str, spans: list[Span], ranges: str, words: str) -> Aligned:
    known, longest = python_tokenizer.parse_words(words)
    written, found, last = [], [], 0
    for run in python_tokenizer.compile_pattern(f"[{ranges}]+").finditer(text):
        written.append(text[last : run.start()])
        found += spans[last : run.start()]
        last = run.start()
        for part in python_tokenizer.longest_match(run[0], known, longest):
            written += [" ", part]
            found += [spans[last], *spans[last : last + len(part)]]
            last += len(part)
    return "".join([*written, text[last:]]), found + spans[last:]


def _letter_by_letter(change: Callable[[str], str]) -> Callable[[str, list[Span]], Aligned]:
    """A rule whose result is as long as those of the single letters together."""

    def run(text: str, spans: list[Span]) -> Aligned:
        return change(text), [span for letter, span in zip(text, spans, strict=True) for _ in change(letter)]

    return run


def _unit_by_unit(change: Callable[[str], str]) -> Callable[[str, list[Span]], Aligned]:
    """A rule that joins letters, on the smallest units that give what it makes of the whole text."""

    def run(text: str, spans: list[Span]) -> Aligned:
        whole = change(text)
        for unit in _UNITS:
            units = list(python_tokenizer.compile_pattern(unit).finditer(text))
            changed = [change(match[0]) for match in units]
            if "".join(changed) == whole:
                around = [_around(spans[match.start() : match.end()]) for match in units]
                return whole, [span for span, part in zip(around, changed, strict=True) for _ in part]
        return whole, [_around(spans)] * len(whole)

    return run


_RULES: dict[str, Callable[..., Aligned]] = {
    "replace": _replace,
    "unless": _unless,
    "repair": lambda text, spans: (text, spans),
    "lower": _letter_by_letter(str.lower),
    "width": _letter_by_letter(lambda text: python_tokenizer.apply_rules(text, [("width",)])),
    "longest_match": _longest_match,
    "nfkc": _unit_by_unit(lambda text: python_tokenizer.apply_rules(text, [("nfkc",)])),
    "nfkc_casefold": _unit_by_unit(lambda text: python_tokenizer.apply_rules(text, [("nfkc_casefold",)])),
}
