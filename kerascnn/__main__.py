"""``kerascnn COMMAND`` and ``python -m kerascnn COMMAND``; the only module of the package that imports the commands."""

from __future__ import annotations

from pipelines.__main__ import dispatch


def main() -> None:
    """Run ``kerascnn COMMAND``, the installed script."""
    dispatch("kerascnn")


if __name__ == "__main__":
    dispatch("python -m kerascnn")
