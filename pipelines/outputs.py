"""Checks of the files that a command writes: they replace nothing that it reads, and not each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from kerascnn.utils.errors import InputError
from kerascnn.utils.same_files import find_paths, is_inside, is_same

BUNDLE_PAGES = ("manifest.json", "README.md", "report.html", "confusion_matrix.png")
"""Files of a bundle that its manifest does not name."""


def check_outputs(outputs: Mapping[str, str | Path], *, data: Iterable[str] = (), bundles: Iterable[str] = ()) -> None:
    """Check before any work that no output replaces a file that the command reads, or another output.

    Args:
        outputs: Option, with what it writes if that is several files, to the path of a file; empty and ``-``: none.
        data: Sources of rows, and other files and folders that are read; those that are no path, such as
            ``demo:bbc``, are skipped.
        bundles: Folders of bundles that are read.

    Raises:
        InputError: One does; the message names the option and the file.
    """
    read, own = list(find_paths(data)), [path for folder in bundles for path in _list_bundle_files(Path(folder))]
    files: dict[str, Path] = {}
    for option, name in outputs.items():
        if str(name) in ("", "-"):
            continue
        path = Path(name)
        if any(is_same(path, found) or is_inside(path, found) for found in read):
            raise InputError(f"{option} {name} would replace data that is read; name another file")
        if any(is_same(path, found) for found in own):
            raise InputError(f"{option} {name} would replace a file of the bundle; name another file")
        if others := [other for other, taken in files.items() if is_same(path, taken)]:
            raise InputError(f"{others[0]} and {option} both write {name}; name another file for one of them")
        files[option] = path


def _list_bundle_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a bundle; a folder that is no bundle, which is found later, has none."""
    from kerascnn.manifest import read_manifest

    try:
        names = read_manifest(folder)["files"]
    except (InputError, OSError):
        return
    for name in (*BUNDLE_PAGES, *names):
        yield folder / name
