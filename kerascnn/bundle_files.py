"""Small parts of a bundle: the metrics of the epochs, and the versions of packages."""

from __future__ import annotations

import csv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("kerascnn", "keras", "tensorflow", "tensorflow-text", "keras-hub", "numpy", "scikit-learn")


def write_history(history: list[dict[str, float]], path: Path) -> None:
    """Write the metrics of each epoch as CSV."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]) if history else ["epoch"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)


def list_packages() -> dict[str, str]:
    """Return the versions of those ``PACKAGES`` that are installed."""
    return {name: found for name in PACKAGES if (found := _find_version(name))}


def _find_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
