"""Read the files of an edge folder, and check that they are unchanged; export copies this file to devices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

if __package__:
    from kerascnn.text import python_tokenizer
else:
    import python_tokenizer  # type: ignore[no-redef]

SCHEMA_VERSION = 1
"""Highest version of ``edge.json`` that this program can read."""
SEAL_SIZE = 68
"""Bytes at the end of ``edge.json`` that protect the others: a SHA-256 hash, and the end of the JSON object."""
MODEL_FILES = ("model_float32.tflite", "model_float16.tflite", "model_dynamic.tflite", "model_int8.tflite")
"""Files that an edge folder may contain, the most exact first."""


class EdgeFiles:
    """The files of an edge folder.

    Args:
        path: The folder, or one of its .tflite files.
        tasks: Tasks that the program supports.
        types: Types of the values of ``edge.json`` that the program reads; ``files`` is always one of them.

    Attributes:
        config: The content of ``edge.json``.
        folder: The folder.
        model: The .tflite file, the most exact one of a folder.

    Raises:
        ValueError: ``edge.json`` is missing, damaged, written by a newer version, or of another task, or there is no
            .tflite file.
    """

    def __init__(self, path: str | Path, tasks: Sequence[str], types: Mapping[str, type]) -> None:
        path = Path(path)
        self.folder = path if path.is_dir() else path.parent
        self.config = _read_config(self.folder / "edge.json", tasks, {**types, "files": dict})
        if path.is_dir():
            names = [name for name in MODEL_FILES if name in self.config["files"]]
            if not names:
                raise ValueError(f"{self.folder}: contains no model; export one with --format tflite")
            path = self.folder / names[0]
        self.model = path

    def read(self, name: str) -> bytes:
        """Read a file and check that it is unchanged since export; an interpreter may crash on a damaged one.

        Raises:
            ValueError: It is missing or changed, or not part of the folder.
        """
        path, files = self.folder / name, self.config["files"]
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ValueError(f"{path}: cannot be read ({error.strerror}); copy the edge folder again") from None
        if name not in files:
            raise ValueError(f"{path}: not one of the files in edge.json: {', '.join(files)}")
        _check_content(path, content, lambda content: hashlib.sha256(content).hexdigest() == files[name])
        return content

    def read_lines(self, name: str) -> list[str]:
        """Read a file of escaped lines, see ``read``."""
        return [python_tokenizer.unescape(line) for line in self.read(name).decode("utf-8").split("\n")[:-1]]

    def check_programs(self, program: str, *, is_package: bool) -> None:
        """Check that the programs of a copied folder are unchanged, except for the one that runs, which may be adapted.

        Args:
            program: Path of the program that runs.
            is_package: Whether it belongs to the package, and not to the folder.

        Raises:
            ValueError: One is missing or changed.
        """
        path = Path(program).resolve()
        if not is_package and self.folder.resolve() == path.parent:
            for name in self.config["files"]:
                if name.endswith(".py") and name != path.name:
                    self.read(name)


def load_interpreter(path: Path, content: bytes, num_threads: int, shape: Sequence[int] | None = None) -> Any:
    """Return an interpreter of a .tflite file.

    Args:
        path: Path of the file, for messages.
        content: Its content.
        num_threads: Number of CPU threads.
        shape: Shape of the input; None: that of the file.

    Raises:
        ValueError: The file, or ai-edge-litert, cannot be loaded.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise ValueError("running a .tflite file needs ai-edge-litert; pip install ai-edge-litert") from None
    try:
        interpreter = Interpreter(model_content=content, num_threads=num_threads)
        if shape is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"{path}: the interpreter cannot load it ({' '.join(str(error).split())})") from None
    return interpreter


def _read_config(path: Path, tasks: Sequence[str], types: Mapping[str, type]) -> dict[str, Any]:
    """Read ``edge.json`` and check it."""
    try:
        content = path.read_bytes()
        config = json.loads(content)
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); give the folder that export wrote, or a .tflite file in it"
        ) from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: damaged ({error}); copy the edge folder again") from None
    version = config.get("schema_version")
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise ValueError(f"{path}: schema version {version}, but this program reads up to {SCHEMA_VERSION}")
    _check_content(path, content, _is_sealed)
    if config.get("task") not in tasks:
        raise ValueError(f"{path}: task {config.get('task')!r} is not supported; supported: {', '.join(tasks)}")
    for key, kind in types.items():
        if not isinstance(config.get(key), kind):
            raise ValueError(f"{path}: {key} {config.get(key)!r} is not a {kind.__name__}; export it again")
    return config


def _is_sealed(content: bytes) -> bool:
    """Return whether the last bytes are the hash of those before them, and the end of the JSON object."""
    return content[-SEAL_SIZE:] == hashlib.sha256(content[:-SEAL_SIZE]).hexdigest().encode() + b'"\n}\n'


def _check_content(path: Path, content: bytes, is_unchanged: Callable[[bytes], bool]) -> None:
    if not is_unchanged(content):
        is_text = is_unchanged(content.replace(b"\r\n", b"\n"))
        change = "line endings changed (in git by a missing '* -text')" if is_text else "changed or damaged"
        raise ValueError(f"{path}: {change} since it was exported; copy the edge folder again")
