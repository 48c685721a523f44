"""The lock on an output: one process at a time, and none after the process is gone."""

import errno
import os
import signal
import subprocess
import sys
import threading

import pytest

from kerascnn.utils import output_lock
from kerascnn.utils.errors import InputError
from kerascnn.utils.output_lock import lock_output

HOLD = """
import sys
from pathlib import Path
from kerascnn.utils.output_lock import lock_output

with lock_output(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Lock ``tmp_path/bundle`` in another process, until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "bundle")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "locked\n"
        yield process
        process.kill()


def test_second_process_is_rejected_until_the_first_ends(holder, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "bundle")
    for name in ("bundle", "link"):
        with (
            pytest.raises(InputError, match=rf"bundle: process {holder.pid} on .+ is writing it"),
            lock_output(tmp_path / name),
        ):
            pass
    holder.communicate()
    with lock_output(tmp_path / "bundle"):
        assert (tmp_path / ".bundle.lock").read_text().startswith(f"process {os.getpid()} ")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_lock_of_a_killed_process_is_free(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".bundle.lock").exists()
    with lock_output(tmp_path / "bundle"):
        pass
    assert not list(tmp_path.iterdir())


def test_thread_may_lock_again_and_another_thread_may_not(tmp_path):
    rejected = []

    def lock():
        try:
            with lock_output(tmp_path / "bundle"):
                pass
        except InputError as error:
            rejected.append(str(error))

    with lock_output(tmp_path / "bundle"):
        with lock_output(tmp_path / "bundle"):
            pass
        thread = threading.Thread(target=lock)
        thread.start()
        thread.join()
    lock()
    assert len(rejected) == 1 and "another thread is writing it" in rejected[0]


def test_there_is_no_lock_where_no_file_can_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with lock_output(tmp_path / "file" / "bundle"):
        pass


def test_no_file_is_left_where_the_file_system_has_no_locks(tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(output_lock, "_lock_descriptor", refuse)
    with lock_output(tmp_path / "bundle"):
        pass
    assert not list(tmp_path.iterdir())


def test_folders_of_an_output_that_was_not_written_are_removed(tmp_path):
    with lock_output(tmp_path / "new" / "deep" / "bundle"):
        assert (tmp_path / "new" / "deep").is_dir()
    assert not list(tmp_path.iterdir())
    with lock_output(tmp_path / "new" / "deep" / "bundle"):
        (tmp_path / "new" / "other").touch()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["other"]
