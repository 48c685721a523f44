"""Files and folders that are written completely or not at all, also when the process is killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn.utils.atomic_files import atomic_folder, atomic_write, check_output_file, check_output_folder
from kerascnn.utils.errors import InputError
from tests.kill_writers import WRITERS

ROOT = Path(__file__).parents[2]
SLOW = ("gzipped predictions", "folder, kept, by renames", "predictions of a folder")
FAST = tuple(writer for writer in WRITERS if writer not in SLOW)


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("writers", [FAST, pytest.param(SLOW, marks=pytest.mark.full)], ids=["fast", "slow"])
def test_old_or_new_is_whole_after_a_kill_at_any_file_event_and_the_next_run_finishes(writers, tmp_path):
    command = [sys.executable, "-m", "tests.kill_writers", str(tmp_path), *writers]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout.splitlines()[-1]) == {writer: [] for writer in writers}


def test_link_to_a_folder_or_a_file_stays(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "folder_link").symlink_to(tmp_path / "bundle")
    with atomic_folder(tmp_path / "folder_link") as partial:
        (partial / "a").write_text("new")
    (tmp_path / "file_link").symlink_to(tmp_path / "bundle" / "a")
    with atomic_write(tmp_path / "file_link") as file:
        file.write("newer")
    assert contents(tmp_path / "bundle") == {"a": "newer"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "file_link", "folder_link"]


def test_message_that_quotes_the_words_of_a_full_disk_stays(tmp_path):
    message = "row 7: 'No space left on device' is not a label"
    with pytest.raises(InputError, match=message), atomic_write(tmp_path / "a.csv"):
        raise InputError(message)
    with pytest.raises(OSError, match=r"No space left on device: '.*a\.csv'"), atomic_write(tmp_path / "a.csv"):
        raise RuntimeError("RESOURCE_EXHAUSTED: No space left on device")


def test_names_output_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file is a file; choose another --output"):
        check_output_folder(tmp_path / "file" / "bundle", overwrite=False)
    with pytest.raises(InputError, match=r"there is no folder .*missing; create it first"):
        check_output_file(tmp_path / "missing" / "a.csv")
    with pytest.raises(InputError, match="is a folder; name a file"):
        check_output_file(tmp_path)
