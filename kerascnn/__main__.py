"""``kerascnn VERB`` and ``python -m kerascnn VERB``; the only module of the package that imports the commands."""

from __future__ import annotations

from pipelines.__main__ import dispatch


def main() -> None:
    """Run ``kerascnn VERB``, the installed script."""
    dispatch("kerascnn")


if __name__ == "__main__":
    dispatch("python -m kerascnn")
