"""Draw the pictures of a bundle's metrics as PNG, SVG or PDF files: learning curves, confusion matrix, reliability,
ROC, precision and recall, accuracy by coverage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from kerascnn.evaluation.figures import PictureFormat
from kerascnn.settings import FolderName
from kerascnn.utils.atomic_files import check_output_parent
from kerascnn.utils.errors import InputError
from kerascnn.utils.hugging_face import is_address
from pipelines.bundle_data import download_bundle
from pipelines.command import choose_log, parse, run


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The bundle and the formats."""

    bundle: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BUNDLE")]
    """Folder of the bundle, or hf://OWNER/NAME with --output."""
    plots: tuple[PictureFormat, ...] = ("pdf", "svg")
    """Formats of the pictures."""
    split: Literal["auto", "test", "validation"] = "auto"
    """Metrics to draw; auto: those of the test data, or of the validation data if there was no test data."""
    output: FolderName = ""
    """Folder of the files, required for hf://OWNER/NAME; empty: plots in the bundle."""
    quiet: bool = False
    """Print errors only."""


def main(argv: Sequence[str] | None = None, prog: str = "python -m pipelines.plot") -> None:
    """Run the command."""
    args = parse(Arguments, prog, __doc__, argv)
    if is_address(args.bundle) and not args.output:
        raise InputError(f"{args.bundle}: name the folder of the files by --output; that of the bundle is on the Hub")
    folder = Path(args.output or Path(args.bundle) / "plots")
    if not args.plots:
        raise InputError("--plots: give one or more of png, svg and pdf")
    if args.output:
        check_output_parent(folder)
    from kerascnn.evaluation.plot_files import write_bundle_plots

    bundle, split = Path(download_bundle(args.bundle, quiet=args.quiet)), "" if args.split == "auto" else args.split
    written = write_bundle_plots(bundle, folder, args.plots, split=split)
    if not written:
        raise InputError(f"{args.bundle}: it has no {args.split.replace('auto', 'test or validation')} metrics to draw")
    choose_log(quiet=args.quiet)(f"wrote {len(written)} files to {folder}")


if __name__ == "__main__":
    run(main)
