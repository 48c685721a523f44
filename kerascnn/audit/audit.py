"""A look at the data before it is trained on: statistics of each split, and what is unusual, with what helps.

It needs no TensorFlow. What splitting the rows notices anyway (``Splits.issues``) is taken over.
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
from kerascnn.audit.class_balance import find_class_issues
from kerascnn.audit.token_counts import CorpusTokenizer, RaggedTokens
from kerascnn.config import Config
from kerascnn.data.issues import SEVERITIES, Issue, RowCounter
from kerascnn.data.records import Row, location
from kerascnn.data.splits import Splits, drop_duplicates

SPLITS = {"train": "training", "validation": "validation", "test": "test"}
"""The splits, and what messages call their rows."""
COVERED = 0.95
"""Part of the running tokens that the vocabulary should hold."""
CUT = 0.05
"""Part of the tokens beyond ``max_length`` that is worth a warning."""
PAIRS = 10
"""Pairs of labels that often stand together, at the most."""
LOOKED_AT, MEASURED = 2000, 100
"""Rows whose characters and, where their length in characters leaves a doubt, whose tokens ``quick_audit`` looks at."""


@dataclass(frozen=True)
class AuditReport:
    """What was found.

    Attributes:
        statistics: Split to its ``rows``, ``classes`` (label to rows), ``scripts`` (name to rows), ``tokens``
            (``unit``, ``mean``, ``median``, ``p95``, ``longest``), ``truncated`` (parts, 0 to 1, of ``rows`` and
            ``tokens`` beyond ``text.max_length``) and, for validation and test data, ``vocabulary_coverage`` (parts,
            0 to 1, of the distinct tokens, ``types``, and of all tokens, ``tokens``, that the vocabulary has).
            Multi-label data also has ``labels_per_row`` (number of labels, from 0, to rows) and ``label_pairs`` (the
            ``PAIRS`` most frequent pairs of labels: two labels and their rows).
        issues: The most severe first.
    """

    statistics: dict[str, dict[str, Any]]
    issues: list[Issue] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        issues = [dataclasses.asdict(issue) for issue in self.issues]
        for issue in issues:
            issue["examples"] = [example._asdict() for example in issue["examples"]]
        return {"splits": self.statistics, "issues": issues}


def run_audit(splits: Splits, config: Config[Any], *, label_errors: bool = False) -> AuditReport:
    """Look at all rows.

    Args:
        splits: The rows.
        config: The run that they are meant for; lengths and words are counted as it would read them.
        label_errors: Also look for labels that are probably wrong, see ``label_errors.find``.

    Raises:
        InputError: A file that the text settings name cannot be used, or the extra ``audit`` is missing.
    """
    rows = {name: getattr(splits, name) for name in SPLITS if getattr(splits, name)}
    reader = CorpusTokenizer(config, [row.text for row in splits.train])
    read = {name: reader.read([row.text for row in rows[name]]) for name in rows if name != "train"}
    read = {"train": reader.train, **read}
    everything = [row for name in rows for row in rows[name]]
    together = _joined(list(read.values()))
    issues = [*splits.issues, *find_class_issues(splits)]
    for name in rows:
        repeats = drop_duplicates(rows[name])[1]
        repeats.report(issues, "duplicate", "note", f"{SPLITS[name]} rows that repeat an earlier one", "remove them")
    issues += _near_duplicates(rows, together, config)
    issues += _tiny(everything, together.lengths, config)
    issues += encoding_issues.find_encoding_issues(everything)
    scripts = {name: encoding_issues.scripts(row.text for row in rows[name]) for name in rows}
    issues += _scripts(everything, sum(scripts.values(), Counter()), config)
    issues += _lengths(rows["train"], reader.train.lengths, config)
    statistics: dict[str, dict[str, Any]] = {}
    known = reader.is_known()
    for name in rows:
        statistics[name] = _statistics(rows[name], read[name], config) | {"scripts": dict(scripts[name].most_common())}
        if name != "train":
            statistics[name]["vocabulary_coverage"] = _coverage(
                name, read[name].first(config.text.max_length), known, config, issues
            )
    if label_errors:
        from kerascnn.audit import label_errors as errors

        issues += errors.find_label_errors(everything, reader, together)
    return AuditReport(statistics, _by_severity(issues))


def quick_audit(splits: Splits, config: Config[Any]) -> list[Issue]:
    """What a training says beforehand: issues that cost accuracy, are found at once and are none of the splitting.

    Of many rows it looks at the characters of ``LOOKED_AT`` and at the tokens of ``MEASURED`` only.
    """
    train = splits.train
    looked_at = _spread(train, LOOKED_AT)
    issues = [*find_class_issues(splits), *encoding_issues.find_encoding_issues(looked_at)]
    issues += _scripts(looked_at, encoding_issues.scripts(row.text for row in looked_at), config)
    # a token is a character or more
    doubtful = [row for row in train if len(row.text) > config.text.max_length]
    by_rules = config.text.level == "character" or config.text.split in ("unicode", "whitespace")
    if doubtful and by_rules:  # other ways to split text need files, and time to read them
        sample = [row.text for row in _spread(doubtful, MEASURED)]
        settings = dataclasses.replace(config.text, stop_words="")
        lengths = CorpusTokenizer(dataclasses.replace(config, text=settings), sample).train.lengths
        share = (lengths > config.text.max_length).mean() * len(doubtful) / len(train)
        if share >= CUT:
            issues.append(Issue(
                "truncated", "warning", f"about {share:.0%} of the training rows are cut to {_length(config)}",
                round(share * len(train)), suggestion="longer texts are read with --text.max_length",
            ))  # fmt: skip
    said = {issue.kind for issue in splits.issues}
    if "tiny_class" in said:  # such classes are few, and missing where others are split off
        said |= {"rare_class", "missing_class"}
    return _by_severity(issue for issue in issues if issue.severity != "note" and issue.kind not in said)


def _by_severity(issues: Iterable[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))


def _spread(rows: list[Row], count: int) -> list[Row]:
    """So many rows at the most, from all over the data."""
    return rows[:: -(-len(rows) // count)] if rows else []


def _joined(parts: Sequence[RaggedTokens]) -> RaggedTokens:
    lengths = np.concatenate([part.lengths for part in parts])
    return RaggedTokens(np.concatenate([part.values for part in parts]), np.concatenate([[0], np.cumsum(lengths)]))


def _length(config: Config[Any]) -> str:
    return f"text.max_length, {config.text.max_length:,} {_unit(config)}"


def _unit(config: Config[Any]) -> str:
    if config.text.level == "character":
        return "characters"
    return "pieces of words" if config.text.split == "wordpiece" else "words and marks"


def _statistics(rows: Sequence[Row], tokens: RaggedTokens, config: Config[Any]) -> dict[str, Any]:
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
        "truncated": {"rows": float((lengths > longest).mean()), "tokens": float(beyond / max(1, lengths.sum()))},
    }


def _several(rows: Sequence[Row]) -> dict[str, Any]:
    """How many labels rows have, and which go together; nothing where each has one."""
    if isinstance(rows[0].label, str):
        return {}
    pairs = Counter(pair for row in rows for pair in itertools.combinations(row.labels, 2))
    return {
        "labels_per_row": dict(sorted(Counter(len(row.labels) for row in rows).items())),
        "label_pairs": [[*pair, count] for pair, count in pairs.most_common(PAIRS)],
    }


def _near_duplicates(rows: dict[str, list[Row]], together: RaggedTokens, config: Config[Any]) -> list[Issue]:
    """Rows that nearly repeat one before them; texts that are the same are another issue."""
    named = [(name, row) for name in rows for row in rows[name]]
    position_of: dict[str, int] = {}
    for position, (_, row) in enumerate(named):
        position_of.setdefault(row.text, position)
    different = np.fromiter(position_of.values(), np.int64, len(position_of))
    lengths = together.lengths[different]
    splits = np.concatenate([[0], np.cumsum(lengths)])
    values = together.values[np.arange(splits[-1]) + np.repeat(together.row_splits[different] - splits[:-1], lengths)]
    within = {name: RowCounter() for name in rows}
    across = {name: RowCounter() for name in rows}
    width = near_duplicates.WIDTHS[config.text.level]
    for position, first in enumerate(near_duplicates.find_near_duplicates(values, splits, width).tolist()):
        if first != position:
            (name, row), (other_name, other) = named[different[position]], named[different[first]]
            counters = across if other_name == "train" != name else within
            counters[name].add(row, detail=f"like {location(other)}")
    issues: list[Issue] = []
    similar = f"share {100 * near_duplicates.SIMILAR:.0f} % or more of their runs of {width} {_unit(config)} with"
    for name in rows:
        across[name].report(
            issues, "near_train_overlap", "serious",
            f"{name} rows that {similar} a row of the training data, which flatters the metrics",
            "keep rows of one origin on one side: split by origin and give --validation-data and --test-data",
        )  # fmt: skip
        within[name].report(
            issues,
            "near_duplicate",
            "note",
            f"{SPLITS[name]} rows that {similar} an earlier one",
            "keep one of each kind",
        )
    return issues


def _tiny(rows: Sequence[Row], lengths: np.ndarray, config: Config[Any]) -> list[Issue]:
    """Rows in which hardly anything stands."""
    least = 3 if config.text.level == "character" else 2
    counter = RowCounter()
    for row, length in zip(rows, lengths.tolist(), strict=True):
        if length < least or not any(map(str.isalnum, row.text)):
            counter.add(row, detail=", ".join(map(repr, row.labels)))
    issues: list[Issue] = []
    counter.report(
        issues, "short_text", "note", f"rows of fewer than {least} {_unit(config)}, or without any letter or digit",
        "remove those that nobody could label by their text alone",
    )  # fmt: skip
    return issues


def _scripts(rows: Sequence[Row], counts: Counter[str], config: Config[Any]) -> list[Issue]:
    if not counts:
        return []
    issues: list[Issue] = []
    main, of_main = counts.most_common(1)[0]
    if len(counts) > 1:
        counter = RowCounter()
        for row in rows:
            if (script := encoding_issues.script_of(row.text)) and script != main:
                counter.add(row, detail=script)
        others = ", ".join(f"{name} {count:,}" for name, count in counts.most_common()[1:6])
        counter.report(
            issues, "mixed_scripts", "warning" if counter.count >= 0.05 * counts.total() else "note",
            f"rows in another script than {main} ({of_main:,} rows), {others}",
            "see that each language has rows of every class; --model char_cnn reads any script",
        )  # fmt: skip
    unspaced = sum(counts[name] for name in encoding_issues.UNSPACED)
    if unspaced >= 0.2 * counts.total() and config.text.level == "word" and config.text.split != "dictionary":
        issues.append(Issue(
            "no_word_spaces", "warning", f"{unspaced / counts.total():.0%} of the rows are in a script without spaces"
            f" between words, and {config.model} reads words", unspaced, suggestion="--model char_cnn",
        ))  # fmt: skip
    return issues


def _lengths(rows: Sequence[Row], lengths: np.ndarray, config: Config[Any]) -> list[Issue]:
    """Whether ``max_length`` suits the training rows."""
    longest = config.text.max_length
    issues: list[Issue] = []
    fits = 64 * -(-int(np.percentile(lengths, 95)) // 64)
    cut = RowCounter()
    for row, length in zip(rows, lengths.tolist(), strict=True):
        if length > longest:
            cut.add(row, detail=f"{length:,}")
    beyond = np.maximum(0, lengths - longest).sum() / max(1, lengths.sum())
    cut.report(
        issues, "truncated", "warning" if beyond >= CUT else "note",
        f"training rows cut to {_length(config)}, with {beyond:.1%} of all tokens",
        f"--text.max_length {fits} reads 95 % of the rows to their end, if that is where it says what it is about"
        if fits > longest else "",
    )  # fmt: skip
    enough = 32 * max(1, -(-int(lengths.max()) // 32))
    if 2 * enough <= longest:
        issues.append(Issue(
            "max_length_too_long", "note",
            f"the longest training row has {lengths.max():,} {_unit(config)}, of {longest:,} that are"
            " read", suggestion=f"--text.max_length {enough}: exports for phones, whose input is that long, get faster",
        ))  # fmt: skip
    return issues


def _coverage(
    name: str, values: np.ndarray, known: np.ndarray, config: Config[Any], issues: list[Issue]
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
        issues.append(Issue(
            "out_of_vocabulary", "warning", f"{1 - covered['tokens']:.1%} of the running tokens of the {name} data, and"
            f" {1 - covered['types']:.1%} of the different ones, are unknown to the vocabulary of the training data",
            int((~known[values]).sum()), suggestion=", or ".join(helps) or "more training rows",
        ))  # fmt: skip
    return covered
