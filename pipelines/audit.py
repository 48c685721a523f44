"""Audit the data of a training: report its issues, and how to solve them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic

import tyro

from kerascnn.config import Config, ModelConfigT
from pipelines.command import run
from pipelines.config_arguments import base_config, parse_over
from pipelines.config_files import ConfigName

if TYPE_CHECKING:
    from kerascnn.audit.audit import AuditReport
    from kerascnn.data.issues import Issue

DESCRIPTION = """Audit the data of a training, without TensorFlow: report its issues, and how to solve them.

It takes all options of a training and counts lengths and tokens with the text settings of that training."""

MAX_SHOWN_VALUES = 12
"""Values that a line lists."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """Options in addition to the settings of the run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    config: ConfigName = ""
    """YAML file of settings, bundle, or name of a file of the package (kim2014_rand); options on the command line
    override it."""
    label_errors: bool = False
    """Also look for labels that are probably wrong (needs the extra audit)."""
    json: bool = False
    """Print statistics and issues as JSON."""


def parse_arguments(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.audit") -> Arguments[Any]:
    """Parse the command line."""
    args: Arguments[Any] = parse_over(*base_config(argv), Arguments, prog, DESCRIPTION, argv)
    return args


def format_report(report: AuditReport) -> str:
    """Return statistics and issues as lines of text."""
    lines = [line for name, statistics in report.statistics.items() for line in [*_format_split(name, statistics), ""]]
    for issue in report.issues:
        lines += _format_issue(issue)
    return "\n".join(lines)


def _format_split(name: str, statistics: Mapping[str, Any]) -> list[str]:
    tokens, truncated, scripts = statistics["tokens"], statistics["truncated"], statistics["scripts"]
    lines = [
        f"{name}: {statistics['rows']:,} rows",
        f"  classes   {_format_counts(statistics['classes'], statistics['rows'])}",
        *_format_label_counts(statistics),
        f"  scripts   {_format_counts(scripts, sum(scripts.values()))}",
        f"  length    median {tokens['median']:,.0f}, 95 % up to {tokens['p95']:,.0f}, longest {tokens['longest']:,}"
        f" {tokens['unit']}; truncated: {truncated['rows']:.1%} of the rows, {truncated['tokens']:.1%} of all tokens",
    ]
    if coverage := statistics.get("vocabulary_coverage"):
        lines.append(
            f"  known     {coverage['tokens']:.1%} of all tokens, {coverage['types']:.1%} of the distinct tokens"
        )
    return lines


def _format_label_counts(statistics: Mapping[str, Any]) -> list[str]:
    """Return the lines of multi-label data: labels per row, and the most frequent pairs of labels."""
    if "labels_per_row" not in statistics:
        return []
    counts = {f"{count} per row:": rows for count, rows in statistics["labels_per_row"].items()}
    lines = [f"  labels    {_format_counts(counts, statistics['rows'])}"]
    if statistics["label_pairs"]:
        lines.append("  pairs     " + ", ".join(f"{a} and {b} {rows:,}" for a, b, rows in statistics["label_pairs"]))
    return lines


def _format_counts(counts: Mapping[str, int], total: int) -> str:
    parts = [f"{name} {count:,} ({count / total:.1%})" for name, count in list(counts.items())[:MAX_SHOWN_VALUES]]
    return ", ".join(parts) + f", … ({len(counts):,} in all)" * (len(counts) > MAX_SHOWN_VALUES)


def _format_issue(issue: Issue) -> list[str]:
    lines = [f"{issue.severity}: {issue.message}"]
    for example in issue.examples:
        detail = f" [{example.detail}]" if example.detail else ""
        lines.append(f"  {example.file}, row {example.row}{detail}: {example.text}")
    return [*lines, *([f"  -> {issue.suggestion}"] if issue.suggestion else [])]


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.audit") -> None:
    """Run the command."""
    args = parse_arguments(argv, prog)
    from kerascnn.audit.audit import run_audit
    from kerascnn.experiment.run_data import choose_audit_cache, read_splits
    from kerascnn.experiment.tagger_run import choose_tagger
    from kerascnn.selection import reject_automatic

    reject_automatic(args.run, "an audit")
    config = choose_tagger(args.run)
    report = run_audit(read_splits(config, choose_audit_cache(config)), config, label_errors=args.label_errors)
    print(json.dumps(report.to_dict(), ensure_ascii=False) if args.json else format_report(report))


if __name__ == "__main__":
    run(main)
