"""The audit command: issues of data, for people and for programs."""

import json
import re
import subprocess
import sys

import pytest

from tests.pipelines.conftest import ROOT, command


@pytest.fixture(scope="module")
def messy_csv(news, tmp_path_factory):
    """News with a repeat in other case, broken characters, and one class that is rare."""
    rows = [(text, label) for text, label in zip(*news, strict=True) if label in ("business", "tech")][:66]
    rows[3] = ("Caf\ufffd " + rows[3][0], rows[3][1])
    rows.append((rows[7][0].upper(), rows[7][1]))
    path = tmp_path_factory.mktemp("messy") / "messy.csv"
    lines = [f'"{text.replace(chr(34), chr(34) * 2)}",{label}' for text, label in rows]
    path.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    return path


def test_prints_splits_and_issues_with_rows_and_remedy(messy_csv):
    finished = command("audit", "--data", messy_csv, "--model", "char_cnn")
    assert finished.status == 0, finished.err
    assert "train: 53 rows\n  classes   business 49 (92.5%), tech 4 (7.5%)\n" in finished.out
    [line, row, remedy] = finished.out[finished.out.index("serious: 1 row contains U+FFFD") :].splitlines()[:3]
    assert line.endswith(f" (first: {messy_csv}, row 5)")
    assert row.startswith(f"  {messy_csv}, row 5: Caf\ufffd ") and remedy.startswith("  -> write the file again")
    assert "the classes are imbalanced" in finished.out
    assert re.search(rf"row (9|68) \[similar to {re.escape(str(messy_csv))}, row (68|9)\]: ", finished.out)


def test_json_has_the_same_without_tensorflow(messy_csv):
    script = f"""if True:
        import sys, runpy
        sys.argv = ["audit", "--data", {str(messy_csv)!r}, "--json"]
        try:
            runpy.run_module("pipelines.audit", run_name="__main__", alter_sys=True)
        finally:
            assert not {{"tensorflow", "keras"}} & set(sys.modules)
    """
    finished = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout)
    assert sum(split["rows"] for split in found["splits"].values()) == 67
    issue = next(issue for issue in found["issues"] if issue["kind"] == "replacement_character")
    assert (issue["severity"], issue["count"]) == ("serious", 1)
    assert issue["examples"][0] | {"text": ""} == {"file": str(messy_csv), "row": 5, "text": "", "detail": ""}


def test_rejects_what_training_rejects(messy_csv, tmp_path):
    (tmp_path / "test.csv").write_text("text,label\nA match,buisness\n", encoding="utf-8")
    finished = command("audit", "--data", messy_csv, "--test-data", tmp_path / "test.csv")
    assert finished.status == 1
    assert finished.err.startswith("error: ") and finished.err.count("\n") == 1
    assert "test.csv, row 2" in finished.err and "did you mean 'business'?" in finished.err


def test_label_errors_name_the_extra_without_cleanlab(messy_csv, monkeypatch):
    monkeypatch.setitem(sys.modules, "cleanlab.filter", None)
    finished = command("audit", "--data", messy_csv, "--label-errors")
    assert finished.status == 1
    assert 'pip install "kerascnn[audit]"' in finished.err
