"""Write ``.npy`` files piece by piece, without the whole array in memory; ``np.load(mmap_mode="r")`` maps them."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np


class ArrayWriter:
    """A one-dimensional array that grows in a file.

    Args:
        path: The file to create.
        dtype: Type of the values.

    Attributes:
        length: Number of values.
    """

    def __init__(self, path: Path, dtype: Any) -> None:
        self.dtype, self.length = np.dtype(dtype), 0
        self._file = open(path, "wb")  # noqa: SIM115
        self._write_header()

    def append(self, values: Any) -> None:
        """Write values at the end."""
        array = np.ascontiguousarray(values, self.dtype)
        self._file.write(array.tobytes())
        self.length += len(array)

    def close(self) -> None:
        """Write the number of values into the header, which has room for it, and close the file."""
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def __enter__(self) -> ArrayWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write_header(self) -> None:
        descr = np.lib.format.dtype_to_descr(self.dtype)
        header = {"descr": descr, "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self._file, header)
