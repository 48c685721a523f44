"""The folders of exported web pages."""

import shutil
from pathlib import Path


def with_modules(folder, node_modules, copy_to=None):
    """Link the installed packages into the folder of a page, or into a copy of it."""
    if copy_to:
        folder = Path(shutil.copytree(folder, copy_to, ignore=shutil.ignore_patterns("node_modules")))
    if not (folder / "node_modules").exists():
        (folder / "node_modules").symlink_to(node_modules)
    return folder
