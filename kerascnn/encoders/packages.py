"""Find the data files of an installed package, without running the code of the package."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kerascnn.utils.atomic_files import sha256
from kerascnn.utils.errors import InputError


@dataclass(frozen=True, kw_only=True)
class DataPackage:
    """A package of a package index that contains pretrained weights.

    Args:
        module: Top-level module of the package.
        install: Command that installs it.
        files: Path in the package of each file that is read, to its SHA-256 hash.
    """

    module: str
    install: str
    files: Mapping[str, str]

    def is_installed(self) -> bool:
        """Return whether the package is installed; does not import it."""
        return self._find_folder() is not None

    def find_file(self, path: str) -> Path:
        """Return the path of a file of the package, after checking its hash.

        Args:
            path: One of ``files``.

        Raises:
            InputError: The package is not installed, or the file is missing or has another hash.
        """
        if not (folder := self._find_folder()):
            raise InputError(f"the package {self.module} is not installed; {self.install}")
        file = folder / path
        if not file.is_file():
            raise InputError(f"{file}: missing; install the package again: {self.install}")
        if (found := sha256(file)) != self.files[path]:
            raise InputError(
                f"{file}: damaged, or of another version of the package (SHA-256 {found[:12]}…, not"
                f" {self.files[path][:12]}…); install the package again: {self.install}"
            )
        return file

    def _find_folder(self) -> Path | None:
        spec = importlib.util.find_spec(self.module)  # of a top-level module: finds it and runs nothing
        if not spec or not spec.submodule_search_locations:
            return None
        return Path(next(iter(spec.submodule_search_locations)))
