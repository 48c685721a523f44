"""Audit the data of a run before training: statistics of each split, issues, and their remedies.

The audit does not need TensorFlow. It includes the issues that were found when the rows were split (``Splits.issues``).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kerascnn.audit import stored_corpus
from kerascnn.audit.class_balance import find_class_balance_issues
from kerascnn.audit.corpus import Corpus
from kerascnn.audit.duplicates import find_duplicates
from kerascnn.audit.encoding_issues import find_encoding_issues
from kerascnn.audit.label_errors import find_label_errors
from kerascnn.audit.label_names import find_label_name_issues
from kerascnn.audit.near_duplicates import find_near_duplicates
from kerascnn.audit.scripts import find_script_issues
from kerascnn.audit.statistics import compute_statistics
from kerascnn.audit.swallowed_rows import find_swallowed_rows
from kerascnn.audit.token_lengths import estimate_truncation, find_length_issues
from kerascnn.audit.vocabulary_coverage import find_vocabulary_issues
from kerascnn.config import Config
from kerascnn.data.issues import SEVERITIES, Issue
from kerascnn.data.records import Row
from kerascnn.data.splits import Splits

CHECKS: tuple[Callable[[Corpus], list[Issue]], ...] = (
    find_class_balance_issues,
    find_label_name_issues,
    find_swallowed_rows,
    find_duplicates,
    find_near_duplicates,
    find_length_issues,
    find_encoding_issues,
    find_script_issues,
    find_vocabulary_issues,
)
"""The checks of every audit. A new check is one module and one line here."""
QUICK_AUDIT_ROWS = 20_000
"""Number of training rows, those in ASCII not counted, of which ``quick_audit`` checks the characters of all."""


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        statistics: Names of the splits to their statistics, see ``statistics.compute_statistics``.
        issues: The issues, the most severe first.
    """

    statistics: dict[str, dict[str, Any]]
    issues: list[Issue] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        issues = [dataclasses.asdict(issue) for issue in self.issues]
        for issue in issues:
            issue["examples"] = [example._asdict() for example in issue["examples"]]
        return {"splits": self.statistics, "issues": issues}


def run_audit(splits: Splits, config: Config[Any], *, label_errors: bool = False) -> AuditReport:
    """Audit all rows.

    Args:
        splits: The rows.
        config: The run that the rows are for. Texts are tokenized as this run does.
        label_errors: Whether to look for wrong labels too, see ``label_errors.find_label_errors``.

    Raises:
        InputError: A file that the text settings name cannot be used, or the extra ``audit`` is missing.
    """
    if stored_corpus.is_stored(splits):
        report = run_audit(stored_corpus.sample_splits(splits), config, label_errors=label_errors)
        exact = [*splits.issues, *stored_corpus.find_exact_issues(splits, config, duplicates=True)]
        issues = [*exact, *stored_corpus.describe_sample(report.issues, splits)]
        return AuditReport(stored_corpus.count_rows(splits, report.statistics), _sort_by_severity(issues))
    corpus = Corpus(splits, config)
    issues = [*splits.issues]
    for check in CHECKS:
        issues += check(corpus)
    if label_errors:
        issues += find_label_errors(corpus)
    return AuditReport(compute_statistics(corpus), _sort_by_severity(issues))


def quick_audit(splits: Splits, config: Config[Any]) -> list[Issue]:
    """Return the issues that reduce accuracy and are found quickly, without those in ``Splits.issues``.

    It checks the characters of all training rows, or of a sample of about ``QUICK_AUDIT_ROWS`` of them, which the
    messages name.

    Args:
        splits: The rows.
        config: The run that the rows are for.
    """
    if stored_corpus.is_stored(splits):
        sample = dataclasses.replace(stored_corpus.sample_splits(splits), validation=[], test=[])
        issues = stored_corpus.find_exact_issues(splits, config, duplicates=False)
        issues += stored_corpus.describe_sample(_find_quick_issues(sample, config), splits)
    else:
        issues = _find_quick_issues(splits, config)
    reported = {issue.kind for issue in splits.issues}
    if "tiny_class" in reported:  # tiny classes are rare, and missing from data that is split off
        reported |= {"rare_class", "missing_class"}
    return _sort_by_severity(issue for issue in issues if issue.severity != "note" and issue.kind not in reported)


def _find_quick_issues(splits: Splits, config: Config[Any]) -> list[Issue]:
    corpus = Corpus(splits, config)
    return [
        *find_class_balance_issues(corpus),
        *find_label_name_issues(corpus),
        *find_swallowed_rows(corpus),
        *_find_character_issues(splits, config),
        *estimate_truncation(corpus),
    ]


def _find_character_issues(splits: Splits, config: Config[Any]) -> list[Issue]:
    """Return issues of the characters of the training rows."""
    train = splits.train
    slow_rows = sum(not row.text.isascii() for row in train)
    sampled = train if slow_rows <= QUICK_AUDIT_ROWS else sample_rows(train, QUICK_AUDIT_ROWS * len(train) // slow_rows)
    sample = Corpus(dataclasses.replace(splits, train=sampled, validation=[], test=[]), config)
    issues = [*find_encoding_issues(sample), *find_script_issues(sample)]
    if len(sampled) == len(train):
        return issues
    place = f"in a sample of {len(sampled):,} of the {len(train):,} training rows, "
    return [dataclasses.replace(issue, message=place + issue.message) for issue in issues]


def sample_rows(rows: Sequence[Row], count: int) -> list[Row]:
    """Return at most ``count`` rows at regular intervals."""
    return list(rows[:: -(-len(rows) // count)]) if rows else []


def _sort_by_severity(issues: Iterable[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))
