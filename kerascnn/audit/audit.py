"""A look at the data before it is trained on: figures of each split, and what is unusual, with what helps.

It needs no TensorFlow. What splitting the rows notices anyway (``Splits.findings``) is taken over.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kerascnn.audit import encoding_issues, near_duplicates
from kerascnn.audit.class_balance import odd_classes
from kerascnn.audit.token_counts import Reader, Tokens
from kerascnn.config import Config
from kerascnn.data.issues import SEVERITIES, Finding, Tally
from kerascnn.data.records import Row, where
from kerascnn.data.splits import Splits, told_apart

SPLITS = {"train": "training", "validation": "validation", "test": "test"}
"""The splits, and what messages call their rows."""
COVERED = 0.95
"""Part of the running tokens that the vocabulary should hold."""
CUT = 0.05
"""Part of the tokens beyond ``max_length`` that is worth a warning."""
PAIRS = 10
"""Pairs of labels that often stand together, at the most."""
LOOKED_AT, MEASURED = 2000, 100
"""Rows whose characters and, where their length in characters leaves a doubt, whose tokens ``quick`` looks at."""


@dataclass(frozen=True)
class Audit:
    """What was found.

    Attributes:
        figures: Split to its ``rows``, ``classes`` (label to rows), ``scripts`` (name to rows), ``tokens`` (``unit``,
            ``mean``, ``median``, ``p95``, ``longest``), ``cut`` and, for rows held out, ``known`` (``types``,
            ``tokens``: parts, 0 to 1, of the different and of the running tokens that the vocabulary has). Of
            multi-label data also ``labels_per_row`` (a number of labels to the rows that have so many, from 0) and
            ``together`` (the ``PAIRS`` pairs of labels that most rows have both of: two labels and the rows).
            ``cut`` are the parts, 0 to 1, of ``rows`` and ``tokens`` beyond ``text.max_length``.
        findings: The most severe first.
    """

    figures: dict[str, dict[str, Any]]
    findings: list[Finding] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        findings = [dataclasses.asdict(finding) for finding in self.findings]
        for finding in findings:
            finding["examples"] = [example._asdict() for example in finding["examples"]]
        return {"splits": self.figures, "findings": findings}


def audit(splits: Splits, config: Config[Any], *, label_errors: bool = False) -> Audit:
    """Look at all rows.

    Args:
        splits: The rows.
        config: The run that they are meant for; lengths and words are counted as it would read them.
        label_errors: Also look for labels that are probably wrong, see ``label_errors.find``.

    Raises:
        InputError: A file that the text settings name cannot be used, or the extra ``audit`` is missing.
    """
    rows = {name: getattr(splits, name) for name in SPLITS if getattr(splits, name)}
    reader = Reader(config, [row.text for row in splits.train])
    read = {name: reader.read([row.text for row in rows[name]]) for name in rows if name != "train"}
    read = {"train": reader.train, **read}
    everything = [row for name in rows for row in rows[name]]
    together = _joined(list(read.values()))
    findings = [*splits.findings, *odd_classes(splits)]
    for name in rows:
        repeats = told_apart(rows[name])[1]
        repeats.report(findings, "repeat", "note", f"{SPLITS[name]} rows that repeat an earlier one", "remove them")
    findings += _near_duplicates(rows, together, config)
    findings += _tiny(everything, together.lengths, config)
    findings += encoding_issues.odd_characters(everything)
    scripts = {name: encoding_issues.scripts(row.text for row in rows[name]) for name in rows}
    findings += _scripts(everything, sum(scripts.values(), Counter()), config)
    findings += _lengths(rows["train"], reader.train.lengths, config)
    figures: dict[str, dict[str, Any]] = {}
    known = reader.is_known()
    for name in rows:
        figures[name] = _figures(rows[name], read[name], config) | {"scripts": dict(scripts[name].most_common())}
        if name != "train":
            figures[name]["known"] = _coverage(name, read[name].first(config.text.max_length), known, config, findings)
    if label_errors:
        from kerascnn.audit import label_errors as errors

        findings += errors.find(everything, reader, together)
    return Audit(figures, _by_severity(findings))


def quick(splits: Splits, config: Config[Any]) -> list[Finding]:
    """What a training says beforehand: findings that cost accuracy, are found at once and are none of the splitting.

    Of many rows it looks at the characters of ``LOOKED_AT`` and at the tokens of ``MEASURED`` only.
    """
    train = splits.train
    looked_at = _spread(train, LOOKED_AT)
    findings = [*odd_classes(splits), *encoding_issues.odd_characters(looked_at)]
    findings += _scripts(looked_at, encoding_issues.scripts(row.text for row in looked_at), config)
    # a token is a character or more
    doubtful = [row for row in train if len(row.text) > config.text.max_length]
    by_rules = config.text.level == "character" or config.text.split in ("unicode", "whitespace")
    if doubtful and by_rules:  # other ways to split text need files, and time to read them
        sample = [row.text for row in _spread(doubtful, MEASURED)]
        settings = dataclasses.replace(config.text, stop_words="")
        lengths = Reader(dataclasses.replace(config, text=settings), sample).train.lengths
        share = (lengths > config.text.max_length).mean() * len(doubtful) / len(train)
        if share >= CUT:
            findings.append(Finding(
                "cut", "warning", f"about {share:.0%} of the training rows are cut to {_length(config)}",
                round(share * len(train)), suggestion="longer texts are read with --text.max_length",
            ))  # fmt: skip
    said = {finding.kind for finding in splits.findings}
    if "single" in said:  # such classes are few, and missing where others are split off
        said |= {"few", "missing_class"}
    return _by_severity(finding for finding in findings if finding.severity != "note" and finding.kind not in said)


def _by_severity(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def _spread(rows: list[Row], count: int) -> list[Row]:
    """So many rows at the most, from all over the data."""
    return rows[:: -(-len(rows) // count)] if rows else []


def _joined(parts: Sequence[Tokens]) -> Tokens:
    lengths = np.concatenate([part.lengths for part in parts])
    return Tokens(np.concatenate([part.values for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))


def _length(config: Config[Any]) -> str:
    return f"text.max_length, {config.text.max_length:,} {_unit(config)}"


def _unit(config: Config[Any]) -> str:
    if config.text.level == "character":
        return "characters"
    return "pieces of words" if config.text.split == "wordpiece" else "words and marks"


def _figures(rows: Sequence[Row], tokens: Tokens, config: Config[Any]) -> dict[str, Any]:
    lengths, longest = tokens.lengths, config.text.max_length
    beyond = np.maximum(0, lengths - longest).sum()
    return {
        "rows": len(rows),
        "classes": dict(Counter(label for row in rows for label in row.labels).most_common()),
        **_several(rows),
        "tokens": {
            "unit": _unit(config),
            "mean": round(float(lengths.mean()), 1),
            "median": float(np.median(lengths)),
            "p95": float(np.percentile(lengths, 95)),
            "longest": int(lengths.max()),
        },
        "cut": {"rows": float((lengths > longest).mean()), "tokens": float(beyond / max(1, lengths.sum()))},
    }


def _several(rows: Sequence[Row]) -> dict[str, Any]:
    """How many labels rows have, and which go together; nothing where each has one."""
    if isinstance(rows[0].label, str):
        return {}
    pairs = Counter(pair for row in rows for pair in itertools.combinations(row.labels, 2))
    return {
        "labels_per_row": dict(sorted(Counter(len(row.labels) for row in rows).items())),
        "together": [[*pair, count] for pair, count in pairs.most_common(PAIRS)],
    }


def _near_duplicates(rows: dict[str, list[Row]], together: Tokens, config: Config[Any]) -> list[Finding]:
    """Rows that nearly repeat one before them; texts that are the same are another finding."""
    named = [(name, row) for name in rows for row in rows[name]]
    position_of: dict[str, int] = {}
    for position, (_, row) in enumerate(named):
        position_of.setdefault(row.text, position)
    different = np.fromiter(position_of.values(), np.int64, len(position_of))
    lengths = together.lengths[different]
    splits = np.concatenate([[0], np.cumsum(lengths)])
    values = together.values[np.arange(splits[-1]) + np.repeat(together.row_splits[different] - splits[:-1], lengths)]
    within = {name: Tally() for name in rows}
    across = {name: Tally() for name in rows}
    width = near_duplicates.WIDTHS[config.text.level]
    for position, first in enumerate(near_duplicates.similar_to(values, splits, width).tolist()):
        if first != position:
            (name, row), (other_name, other) = named[different[position]], named[different[first]]
            tallies = across if other_name == "train" != name else within
            tallies[name].add(row, about=f"like {where(other)}")
    findings: list[Finding] = []
    similar = f"share {100 * near_duplicates.SIMILAR:.0f} % or more of their runs of {width} {_unit(config)} with"
    for name in rows:
        across[name].report(
            findings, "near_shared", "serious",
            f"{name} rows that {similar} a row of the training data, which flatters the figures",
            "keep rows of one origin on one side: split by origin and give --validation-data and --test-data",
        )  # fmt: skip
        within[name].report(
            findings,
            "near_repeat",
            "note",
            f"{SPLITS[name]} rows that {similar} an earlier one",
            "keep one of each kind",
        )
    return findings


def _tiny(rows: Sequence[Row], lengths: np.ndarray, config: Config[Any]) -> list[Finding]:
    """Rows in which hardly anything stands."""
    least = 3 if config.text.level == "character" else 2
    tally = Tally()
    for row, length in zip(rows, lengths.tolist(), strict=True):
        if length < least or not any(map(str.isalnum, row.text)):
            tally.add(row, about=", ".join(map(repr, row.labels)))
    findings: list[Finding] = []
    tally.report(
        findings, "tiny", "note", f"rows of fewer than {least} {_unit(config)}, or without any letter or digit",
        "remove those that nobody could label by their text alone",
    )  # fmt: skip
    return findings


def _scripts(rows: Sequence[Row], counts: Counter[str], config: Config[Any]) -> list[Finding]:
    if not counts:
        return []
    findings: list[Finding] = []
    main, of_main = counts.most_common(1)[0]
    if len(counts) > 1:
        tally = Tally()
        for row in rows:
            if (script := encoding_issues.script_of(row.text)) and script != main:
                tally.add(row, about=script)
        others = ", ".join(f"{name} {count:,}" for name, count in counts.most_common()[1:6])
        tally.report(
            findings, "scripts", "warning" if tally.rows >= 0.05 * counts.total() else "note",
            f"rows in another script than {main} ({of_main:,} rows), {others}",
            "see that each language has rows of every class; --model char_cnn reads any script",
        )  # fmt: skip
    unspaced = sum(counts[name] for name in encoding_issues.UNSPACED)
    if unspaced >= 0.2 * counts.total() and config.text.level == "word" and config.text.split != "dictionary":
        findings.append(Finding(
            "unspaced", "warning", f"{unspaced / counts.total():.0%} of the rows are in a script without spaces"
            f" between words, and {config.model} reads words", unspaced, suggestion="--model char_cnn",
        ))  # fmt: skip
    return findings


def _lengths(rows: Sequence[Row], lengths: np.ndarray, config: Config[Any]) -> list[Finding]:
    """Whether ``max_length`` suits the training rows."""
    longest = config.text.max_length
    findings: list[Finding] = []
    fits = 64 * -(-int(np.percentile(lengths, 95)) // 64)
    cut = Tally()
    for row, length in zip(rows, lengths.tolist(), strict=True):
        if length > longest:
            cut.add(row, about=f"{length:,}")
    beyond = np.maximum(0, lengths - longest).sum() / max(1, lengths.sum())
    cut.report(
        findings, "cut", "warning" if beyond >= CUT else "note",
        f"training rows cut to {_length(config)}, with {beyond:.1%} of all tokens",
        f"--text.max_length {fits} reads 95 % of the rows to their end, if that is where it says what it is about"
        if fits > longest else "",
    )  # fmt: skip
    enough = 32 * max(1, -(-int(lengths.max()) // 32))
    if 2 * enough <= longest:
        findings.append(Finding(
            "short", "note", f"the longest training row has {lengths.max():,} {_unit(config)}, of {longest:,} that are"
            " read", suggestion=f"--text.max_length {enough}: exports for phones, whose input is that long, get faster",
        ))  # fmt: skip
    return findings


def _coverage(
    name: str, values: np.ndarray, known: np.ndarray, config: Config[Any], findings: list[Finding]
) -> dict[str, float]:
    """What the vocabulary of the training rows knows of others."""
    types = np.unique(values)
    covered = {"types": float(known[types].mean()) if len(types) else 1.0}
    covered["tokens"] = float(known[values].mean()) if len(values) else 1.0
    if covered["tokens"] < COVERED:
        helps = ["--vectors FILE --transfer.extend_vocabulary 20000"] * (
            config.text.level == "word" and not config.transfer.vectors
        )
        helps += ["--text.min_count 1"] * (config.text.min_count > 1)
        helps += [f"--text.max_tokens {2 * config.text.max_tokens}"] * bool(known.sum() + 2 >= config.text.max_tokens)
        helps += ["--model char_cnn"] * (config.text.level == "word")
        findings.append(Finding(
            "unknown_tokens", "warning", f"{1 - covered['tokens']:.1%} of the running tokens of the {name} data, and"
            f" {1 - covered['types']:.1%} of the different ones, are unknown to the vocabulary of the training data",
            int((~known[values]).sum()), suggestion=", or ".join(helps) or "more training rows",
        ))  # fmt: skip
    return covered
