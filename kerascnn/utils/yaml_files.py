"""Read YAML files of untrusted content: aliases, which a file may nest to any size, are limited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from kerascnn.utils.errors import InputError, to_one_line

MAX_BYTES = 10_000_000
"""Largest file."""
MAX_VALUES = 1_000_000
"""Most values of a file, those of an alias counted wherever it is used."""


def read_yaml(path: str | Path) -> Any:
    """Return the content of a YAML file; None if it is empty.

    Raises:
        InputError: The file cannot be read, is not YAML, or too large; the message names the line.
    """
    try:
        if (size := Path(path).stat().st_size) > MAX_BYTES:
            raise InputError(f"{path}: has {size:,} bytes; a file of settings has at most {MAX_BYTES:,}")
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not YAML: {to_one_line(error)}") from None
    try:
        if "*" in text and (root := yaml.compose(text, yaml.SafeLoader)) is not None:
            _count_values(root, {})
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date or number out of range
        raise InputError(f"{path}: not YAML: {to_one_line(error)}") from None


def _count_values(node: yaml.Node, counts: dict[int, int]) -> int:
    """Return the number of values below a node, with those of its aliases.

    Args:
        node: The node.
        counts: Node by ``id`` to its number of values; 0 while it is counted.
    """
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) in counts:
        if not counts[id(node)]:
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the alias contains itself")
        return counts[id(node)]
    counts[id(node)] = 0
    pairs = node.value if isinstance(node, yaml.MappingNode) else [(item,) for item in node.value]
    count = 1 + sum(_count_values(item, counts) for pair in pairs for item in pair)
    if count > MAX_VALUES:
        raise yaml.YAMLError(f"line {node.start_mark.line + 1}: aliases make more than {MAX_VALUES:,} values")
    counts[id(node)] = count
    return count
