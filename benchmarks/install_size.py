"""Measure the size of an installation: the files of each distribution that kerascnn depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import tyro
from packaging.requirements import Requirement

from kerascnn.settings import NonNegativeFloat, Settings
from kerascnn.utils.errors import InputError
from kerascnn.utils.tables import markdown_table


@dataclass(frozen=True, kw_only=True)
class Size(Settings):
    """Print the installed size of kerascnn and of all distributions that it needs, in this environment."""

    extras: Annotated[tuple[str, ...], tyro.conf.arg(metavar="EXTRA [EXTRA ...]")] = ()
    """Extras to count, too."""
    least: NonNegativeFloat = 5.0
    """Smallest size in MB of a distribution with a row of its own."""


def list_distributions(name: str, extras: tuple[str, ...] = ()) -> Iterator[metadata.Distribution]:
    """Return an installed distribution and all that it requires here, each once.

    Raises:
        InputError: One of them is not installed.
    """
    waiting, seen = [(name, extras)], set()
    while waiting:
        name, extras = waiting.pop(0)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise InputError(f"{name} is not installed; pip install kerascnn first") from None
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key not in seen:
            seen.add(key)
            yield distribution
        elif not extras:
            continue
        requirements = [Requirement(text) for text in distribution.requires or []]
        waiting += [
            (needed.name, tuple(sorted(needed.extras)))
            for needed in requirements
            if not needed.marker or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras))
            if (re.sub(r"[-_.]+", "-", needed.name).lower() not in seen) or needed.extras
        ]


def measure_megabytes(distribution: metadata.Distribution) -> float:
    """Return the size of the files of a distribution in MB, without compiled Python files."""
    paths = [Path(str(path.locate())) for path in distribution.files or () if not path.name.endswith(".pyc")]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def run(args: Size) -> None:
    """Print a Markdown table of the distributions, the largest first."""
    sizes = {x.metadata["Name"]: measure_megabytes(x) for x in list_distributions("kerascnn", args.extras)}
    large = {name: size for name, size in sizes.items() if size >= args.least}
    rows = [(name, f"{size:,.0f}") for name, size in sorted(large.items(), key=lambda item: -item[1])]
    others = sum(sizes.values()) - sum(large.values())
    rows += [(f"{len(sizes) - len(large)} others", f"{others:,.0f}"), ("together", f"{sum(sizes.values()):,.0f}")]
    print(markdown_table(("distribution", "MB"), rows))
