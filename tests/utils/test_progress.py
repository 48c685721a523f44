"""Progress bars of terminals and notebooks."""

import sys
import types

import pytest
from tqdm import tqdm
from tqdm.notebook import tqdm_notebook

from kerascnn.utils import progress
from kerascnn.utils.progress import progress_bar
from tests.pipelines.conftest import Terminal


def show(monkeypatch, stream, **options):
    """Return what a bar of three rows prints to standard error."""
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(progress_bar(["a", "b", "c"], title="reading", unit="rows", **options)) == ["a", "b", "c"]
    return stream.getvalue()


def test_bar_is_shown_on_a_terminal_and_nowhere_else(monkeypatch):
    assert "reading:   0%" in (shown := show(monkeypatch, Terminal())) and "/3 [" in shown
    assert show(monkeypatch, Terminal(), verbose=False) == ""
    monkeypatch.undo()


def test_nothing_is_printed_without_a_terminal(capsys):
    assert list(progress_bar(range(3), title="reading", unit="rows")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def notebook(monkeypatch):
    """The process looks like the kernel of a notebook."""
    shell = types.SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.parametrize(("has_widgets", "kind"), [(True, tqdm_notebook), (False, tqdm)])
def test_notebook_has_the_bar_of_tqdm_for_notebooks_if_widgets_are_there(notebook, monkeypatch, has_widgets, kind):
    monkeypatch.setattr(progress.importlib.util, "find_spec", lambda name: has_widgets or None)
    assert progress.is_in_notebook() and progress._notebook_bar() is kind


def test_notebook_shows_the_bar_although_it_is_no_terminal(notebook, monkeypatch, capsys):
    monkeypatch.setattr(progress.importlib.util, "find_spec", lambda name: None)
    list(progress_bar(range(3), title="reading", unit="rows"))
    assert "reading" in capsys.readouterr().err
