"""Files and folders that are written completely or not at all, also when the process is killed."""

import shutil
import subprocess
import sys

import pytest

from kerascnn.utils.atomic_files import atomic_folder, check_output_file, check_output_folder
from kerascnn.utils.errors import InputError

REPLACE = """
import os, sys
from pathlib import Path
from kerascnn.utils.atomic_files import atomic_folder

events = 0

def kill_at_event(event, arguments):
    global events
    is_write = event == "open" and str(arguments[0]).startswith(sys.argv[3]) and "w" in str(arguments[1])
    if is_write or event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.copyfile"):
        events += 1
        if events == int(sys.argv[1]):
            os.kill(os.getpid(), 9)

sys.addaudithook(kill_at_event)
with atomic_folder(Path(sys.argv[3]) / "bundle", keep=sys.argv[2] == "keep") as partial:
    for name in ("a", "b"):
        (partial / name).write_text("new")
print(events)
"""


def replace_folder(parent, *, keep, kill_at=0):
    """Replace a folder in another process, which is killed at a file-system event; return its number of events."""
    shutil.rmtree(parent, ignore_errors=True)
    (parent / "bundle" / "sub").mkdir(parents=True)
    for name in ("a", "other"):
        (parent / "bundle" / name).write_text("old")
    command = [sys.executable, "-c", REPLACE, str(kill_at), "keep" if keep else "replace", str(parent)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == (-9 if kill_at else 0), finished.stderr
    return int(finished.stdout or 0)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("keep", [False, True])
def test_folder_is_old_or_new_at_the_next_start_after_a_kill(keep, tmp_path):
    old, new = {"a": "old", "other": "old"}, {"a": "new", "b": "new"} | ({"other": "old"} if keep else {})
    found = []
    for event in range(1, replace_folder(tmp_path / "w", keep=keep) + 1):
        replace_folder(tmp_path / "w", keep=keep, kill_at=event)
        folder = tmp_path / "w" / "bundle"
        with pytest.raises(InputError, match="exists and is not a bundle"):  # never missing
            check_output_folder(folder, overwrite=True)
        found.append(contents(folder))
        assert found[-1] in (old, new)
        with atomic_folder(folder, keep=True) as partial:
            (partial / "c").write_text("third")
        assert contents(folder) == found[-1] | {"c": "third"}
        assert [path.name for path in folder.parent.iterdir()] == ["bundle"]
    assert old in found and new in found


def test_names_output_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file; choose another --output"):
        check_output_folder(tmp_path / "file" / "bundle", overwrite=False)
    with pytest.raises(InputError, match=r"there is no folder .*missing; create it first"):
        check_output_file(tmp_path / "missing" / "a.csv")
    with pytest.raises(InputError, match="is a folder; name a file"):
        check_output_file(tmp_path)
