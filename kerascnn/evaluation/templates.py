"""The HTML templates of this folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2


def load_template(name: str, **filters: Callable[..., Any]) -> jinja2.Template:
    """Return a template, which escapes all values and raises an error for names without a value.

    Args:
        name: Name of a file in this folder.
        filters: Functions that the template calls by their names.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= filters
    return environment.get_template(name)
