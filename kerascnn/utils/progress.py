"""Progress bars on standard error, or in the page of a notebook."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterable, Sized
from typing import Any

from tqdm import tqdm


def progress_bar(
    iterable: Iterable[Any] | None = None,
    *,
    title: str,
    unit: str,
    total: int | None = None,
    initial: int = 0,
    verbose: bool = True,
) -> tqdm[Any]:
    """Return a bar that shows what is done, the rate and the time left; it goes away at the end.

    It is shown on a terminal and in a notebook, and nowhere else.

    Args:
        iterable: What to iterate over; None: move the bar with ``update``.
        title: What is done, at the left of the bar.
        unit: What is counted, in the plural.
        total: How many there are; None: the length of ``iterable``, if it has one.
        initial: How many of them are done already.
        verbose: False hides the bar.
    """
    in_notebook = is_in_notebook()
    bar: type[tqdm[Any]] = _notebook_bar() if in_notebook else tqdm
    # None: hidden unless standard error is a terminal
    disable = (False if in_notebook else None) if verbose else True
    if total is None and isinstance(iterable, Sized):
        total = len(iterable)
    unit_scale = total is None or total >= 10_000  # small numbers are shown as they are
    return bar(
        iterable, desc=title, unit=f" {unit}", unit_scale=unit_scale, total=total, initial=initial, leave=False,
        disable=disable,
    )  # fmt: skip


def is_in_notebook() -> bool:
    """Return whether the code runs in the kernel of a notebook, such as Jupyter or Colab."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and "IPKernelApp" in shell.config


def _notebook_bar() -> type[tqdm[Any]]:
    """Return the class of bars for notebooks; without ipywidgets, the one that prints text."""
    if importlib.util.find_spec("ipywidgets") is None:
        return tqdm
    from tqdm.notebook import tqdm_notebook

    return tqdm_notebook
