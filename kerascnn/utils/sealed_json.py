"""JSON objects that end with the SHA-256 hash of all bytes before it, so that every change is detected."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kerascnn.utils.errors import InputError

_END = '"\n}\n'
_SEAL_SIZE = 64 + len(_END)


def write_sealed_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write indented JSON, UTF-8, with the hash as the last value, ``sha256``."""
    head = json.dumps({**values, "sha256": ""}, ensure_ascii=False, indent=1).removesuffix('"\n}')
    content = head.encode("utf-8")
    path.write_bytes(content + (hashlib.sha256(content).hexdigest() + _END).encode())


def read_sealed_json(path: Path, *, schema_version: int, remedy: str = "copy the bundle again") -> dict[str, Any]:
    """Read what ``write_sealed_json`` wrote.

    Args:
        path: The file.
        schema_version: Highest value of the key ``schema_version`` that this program reads.
        remedy: What to do with a damaged file, the end of the message.

    Raises:
        InputError: It is missing, damaged or changed, or has a higher schema version.
    """
    try:
        content = path.read_bytes()
        values = json.loads(content)
        version = values["schema_version"]
        if type(version) is not int or version < 1:
            raise ValueError(f"schema_version {version!r}")
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{path}: damaged ({type(error).__name__}: {error}); {remedy}") from None
    if version > schema_version:
        raise InputError(
            f"{path}: written by a newer kerascnn (schema version {version}, this version reads {schema_version});"
            " pip install --upgrade kerascnn"
        )
    if not _is_sealed(content):
        raise InputError(f"{path}: {describe_change(content, _is_sealed)}; {remedy}")
    del values["sha256"]
    return dict(values)


def describe_change(content: bytes, is_unchanged: Callable[[bytes], bool]) -> str:
    """Return what happened to a file since it was written.

    Args:
        content: Its content now.
        is_unchanged: Returns whether bytes are the content that was written.
    """
    if is_unchanged(content.replace(b"\r\n", b"\n")):  # all files are written with \n
        return "its line endings were changed (git does so unless .gitattributes has the line '* -text')"
    return "changed or damaged since it was written"


def _is_sealed(content: bytes) -> bool:
    return content[-_SEAL_SIZE:] == (hashlib.sha256(content[:-_SEAL_SIZE]).hexdigest() + _END).encode()
