"""An entry of a cache is written once, whole, and again if it is incomplete."""

import threading
import time

import pytest

from kerascnn.data.cache import Cache, read_values
from kerascnn.utils.output_lock import lock_output


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def write():
    """A writer that notes its calls."""

    def write_numbers(folder):
        write_numbers.calls += 1
        (folder / "numbers.txt").write_text("1 2 3")
        return {"count": 3}

    write_numbers.calls = 0
    return write_numbers


def test_entry_is_found_by_its_key(cache, write):
    first = cache.find_or_write("numbers", {"seed": 1}, write)
    assert cache.find_or_write("numbers", {"seed": 1}, write) == first and write.calls == 1
    assert read_values(first) == {"count": 3} and (first / "numbers.txt").read_text() == "1 2 3"
    assert cache.find_or_write("numbers", {"seed": 2}, write) != first and write.calls == 2


def test_interrupted_entry_is_written_again(cache, write):
    def interrupted(folder):
        write(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.find_or_write("numbers", {}, interrupted)
    assert not cache.folder.exists()
    killed = cache.find_or_write("numbers", {}, write)
    partial = killed.with_name(f".{killed.name}.partial")  # what a killed process leaves
    killed.rename(partial)
    (partial / "manifest.json").unlink()
    assert cache.find_or_write("numbers", {}, write) == killed and write.calls == 3
    assert not partial.exists()


@pytest.mark.parametrize("name", ["numbers.txt", "manifest.json"])
@pytest.mark.parametrize("content", [None, "1"])
def test_damaged_entry_is_written_again(cache, write, name, content):
    path = cache.find_or_write("numbers", {}, write)
    (path / name).unlink() if content is None else (path / name).write_text(content)
    assert cache.find_or_write("numbers", {}, write) == path and write.calls == 2
    assert (path / "numbers.txt").read_text() == "1 2 3"


def test_entry_that_another_thread_writes_is_waited_for(cache, write):
    path = cache.find_or_write("numbers", {}, write)
    (path / "numbers.txt").unlink()
    found = []
    with lock_output(path):
        waiting = threading.Thread(target=lambda: found.append(cache.find_or_write("numbers", {}, write)))
        waiting.start()
        time.sleep(0.1)
        assert not found
    waiting.join()
    assert found == [path] and write.calls == 2
