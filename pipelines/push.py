"""Upload a bundle to the Hugging Face Hub, from where others load it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from kerascnn.hub import push_bundle
from kerascnn.manifest import PRETRAINING, read_manifest
from pipelines.command import choose_log, parse, run


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle, and its place and model card on the Hub. The token is that of `hf auth login`, or HF_TOKEN."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle; its exports are uploaded, too."""
    repository: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="OWNER/NAME")]
    """The repository, created if it does not exist."""
    private: bool = False
    """Make a new repository private; otherwise it is as the settings of its owner say, usually public."""
    license: Annotated[str, tyro.conf.arg(metavar="LICENSE")] = ""
    """License of the model for its card, such as apache-2.0."""
    language: Annotated[tuple[str, ...], tyro.conf.arg(metavar="CODE [CODE ...]")] = ()
    """Languages for the card, such as en zh; none: those that the training texts showed."""
    datasets: Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]")] = ()
    """Data sets of the Hub that the model was trained on, for the card."""
    tags: Annotated[tuple[str, ...], tyro.conf.arg(metavar="TAG [TAG ...]")] = ()
    """Further tags of the card."""
    branch: Annotated[str, tyro.conf.arg(metavar="BRANCH")] = ""
    """Branch of the repository, created if it does not exist; empty: main."""
    message: Annotated[str, tyro.conf.arg(metavar="TEXT")] = "Upload a bundle of kerascnn"
    """Message of the commit."""
    with_report: bool = False
    """Upload report.html, too, which shows texts of the test data."""
    keep_card: bool = False
    """Keep the text of the model card that the repository has; its metadata are updated."""
    quiet: bool = False
    """Print the address of the page and errors only."""


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.push") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    metadata = {name: getattr(args, name) or None for name in ("license", "language", "datasets", "tags")}
    url = push_bundle(
        Path(args.bundle), args.repository, private=args.private or None, revision=args.branch or None,
        commit_message=args.message, metadata=metadata, with_report=args.with_report, keep_card=args.keep_card,
    )  # fmt: skip
    print(url)
    revision = f"@{args.branch}" if args.branch else ""
    if read_manifest(Path(args.bundle))["task"] == PRETRAINING:
        return
    choose_log(quiet=args.quiet)(f'next: python -m pipelines.predict hf://{args.repository}{revision} "a text"')


if __name__ == "__main__":
    run(main)
