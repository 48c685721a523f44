"""The examples: each script and the notebook run as they are."""

import ast
import contextlib
import os
import runpy

import nbformat
import pytest
from nbclient import NotebookClient

from tests.documents import ROOT

EXAMPLES = ROOT / "examples"
NOTEBOOK = EXAMPLES / "first_steps.ipynb"
PRINTED = {
    "sentiment": "good  ",
    "multi_label": "Weak battery, high price [('battery', ",
    "chinese": "test reviews\npos ",
    "few_labels": "n-grams and pretrained word vectors: ",
    "deploy": "off  ",
}
"""Each script, with a part of what it prints."""
FAST = ("sentiment", "multi_label")


def test_all_scripts_are_listed():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else [pytest.mark.full]) for name in PRINTED]
)
def test_script_runs(name, tmp_path, capsys):
    with contextlib.chdir(tmp_path):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert PRINTED[name] in capsys.readouterr().out


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook with the outputs of a run; its first cell, which installs the package, is left out."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def outputs(notebook, part):
    """The outputs of the cell that has a part of its source."""
    [cell] = [cell for cell in notebook.cells if cell.cell_type == "code" and part in cell.source]
    return cell.outputs


@pytest.mark.full
def test_notebook_shows_progress_pictures_and_explanations(executed):
    training = outputs(executed, ".fit(train_texts")
    assert any("application/vnd.jupyter.widget-view+json" in x.get("data", {}) for x in training), "bars of tqdm"
    lines = "".join(x.text for x in training if x.output_type == "stream")
    assert "epoch 6/6   accuracy" in lines and "kept epoch" in lines and "\r" not in lines
    for part in ("plt.plot", "ConfusionMatrixDisplay.from", "plt.scatter"):
        assert any("image/png" in x.get("data", {}) for x in outputs(executed, part)), part
    [explanation] = outputs(executed, "explain(")
    assert "<mark" in explanation.data["text/html"]
    [answer] = outputs(executed, 'load("news")')
    assert len(ast.literal_eval(answer.data["text/plain"])[0]) == 2


def test_notebook_installs_the_package_and_is_stored_without_outputs():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code[0].source.startswith("%pip install") and code[0].metadata.tags == ["skip-execution"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    assert f"/blob/main/{NOTEBOOK.relative_to(ROOT).as_posix()})" in notebook.cells[0].source
