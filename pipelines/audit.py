"""Audit: what is unusual about the data of a training, and what helps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic

import tyro

from kerascnn.config import Config, ModelConfigT
from pipelines.command import run
from pipelines.train import base_config, parse_over, read_splits

if TYPE_CHECKING:
    from kerascnn.audit.audit import AuditReport
    from kerascnn.data.issues import Issue

DESCRIPTION = """Look at the data before it is trained on, without TensorFlow: what is unusual about it, and what helps.

It takes all options of a training, and counts lengths and words as that training would read them."""


@dataclass(frozen=True, kw_only=True)
class Arguments(Generic[ModelConfigT]):
    """What the command adds to a run."""

    run: Annotated[Config[ModelConfigT], tyro.conf.arg(name="")]
    config: str = ""
    """YAML file of settings, as config.yaml of a bundle; options on the command line win."""
    label_errors: bool = False
    """Also look for labels that are probably wrong (needs the extra audit)."""
    json: bool = False
    """Print statistics and issues as JSON."""


def arguments(argv: Sequence[str] | None = None) -> Arguments[Any]:
    """The command line over the YAML file over the defaults of the model."""
    return parse_over(*base_config(argv), Arguments, "audit", DESCRIPTION, argv)


def report(audit: AuditReport) -> str:
    """All that was found, as lines of text."""
    lines = [line for name, statistics in audit.statistics.items() for line in [*_split(name, statistics), ""]]
    for issue in audit.issues:
        lines += _issue(issue)
    return "\n".join(lines)


def _split(name: str, statistics: Mapping[str, Any]) -> list[str]:
    tokens, cut, scripts = statistics["tokens"], statistics["truncated"], statistics["scripts"]
    lines = [
        f"{name}: {statistics['rows']:,} rows",
        f"  classes   {_shares(statistics['classes'], statistics['rows'])}",
        *_several(statistics),
        f"  scripts   {_shares(scripts, sum(scripts.values()))}",
        f"  length    median {tokens['median']:,.0f}, 95 % up to {tokens['p95']:,.0f}, longest {tokens['longest']:,}"
        f" {tokens['unit']}; cut: {cut['rows']:.1%} of the rows, {cut['tokens']:.1%} of all that is in them",
    ]
    if known := statistics.get("vocabulary_coverage"):
        lines.append(
            f"  known     {known['tokens']:.1%} of the running tokens, {known['types']:.1%} of the different ones"
        )
    return lines


def _several(statistics: Mapping[str, Any]) -> list[str]:
    """Lines for multi-label data."""
    if "labels_per_row" not in statistics:
        return []
    counts = {f"{count} a row:": rows for count, rows in statistics["labels_per_row"].items()}
    lines = [f"  labels    {_shares(counts, statistics['rows'])}"]
    if statistics["label_pairs"]:
        lines.append("  together  " + ", ".join(f"{a} and {b} {rows:,}" for a, b, rows in statistics["label_pairs"]))
    return lines


def _shares(counts: Mapping[str, int], total: int, shown: int = 12) -> str:
    parts = [f"{name} {count:,} ({count / total:.1%})" for name, count in list(counts.items())[:shown]]
    return ", ".join(parts) + f", … ({len(counts):,} in all)" * (len(counts) > shown)


def _issue(issue: Issue) -> list[str]:
    lines = [f"{issue.severity}: {issue.message}"]
    for example in issue.examples:
        about = f" [{example.detail}]" if example.detail else ""
        lines.append(f"  {example.file}, row {example.row}{about}: {example.text}")
    return [*lines, *([f"  -> {issue.suggestion}"] if issue.suggestion else [])]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    args = arguments(argv)
    from kerascnn.audit.audit import run_audit

    found = run_audit(read_splits(args.run), args.run, label_errors=args.label_errors)
    print(json.dumps(found.to_dict(), ensure_ascii=False) if args.json else report(found))


if __name__ == "__main__":
    run(main)
