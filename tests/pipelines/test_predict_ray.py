"""The predict command with Ray: real actors in processes of their own, which are really killed."""

import os
import shutil
import signal
import threading
import time

import pytest

from tests.pipelines import parts
from tests.pipelines.conftest import command, start

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def bundle(news_bundle):
    return news_bundle[0]


@pytest.fixture(scope="module")
def cluster():
    """Two cores and a small object store, so that it runs on any machine; its processes wait for no other test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        ray.init(
            address="local", num_cpus=2, include_dashboard=False, object_store_memory=80_000_000, log_to_driver=False
        )
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def given(news, tmp_path_factory):
    """A folder of parts of every format with bad rows in two, and one that takes a while."""
    folder, _ = parts.folder_of(tmp_path_factory.mktemp("given") / "in", news[0])
    parts.write(folder / "long.csv", news[0] * 20)
    with open(folder / "a.csv", "a") as file:
        file.write('900,"never closed\n901,good\n')
    with open(folder / "b.jsonl", "a") as file:
        file.write('{"text": null}\n')
    return folder


@pytest.fixture(scope="module")
def expected(bundle, given, tmp_path_factory):
    """What the local engine says."""
    out = tmp_path_factory.mktemp("expected")
    finished = command("predict", bundle, "--input", given, "--output", out)
    assert finished.status == 0, finished.err
    return out


def assert_same(out, expected):
    """Row for row the same answers and side files, and nothing else in the folder."""
    found, other = parts.answers(out), parts.answers(expected)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in expected.iterdir())
    assert list(found) == list(other)
    for name, rows in found.items():
        for row, wanted in zip(rows, other[name], strict=True):
            # the threads of a processor add up in another order
            assert row == wanted | {"score": pytest.approx(wanted["score"], abs=2e-6)}
    for path in expected.glob("*.rejected.jsonl"):
        assert (out / path.name).read_bytes() == path.read_bytes()


class Killer(threading.Thread):
    """Kills the process that has begun a part, as often as is asked for."""

    def __init__(self, out, name, times=1):
        super().__init__(daemon=True)
        self.pattern, self.out, self.killed, self.times = f".{name}.rejected.jsonl.*.partial", out, [], times

    def run(self):
        while len(self.killed) < self.times:
            for path in self.out.glob(self.pattern):
                pid = int(path.name.removesuffix(".partial").rpartition("-")[2])
                if pid not in self.killed:
                    assert pid != os.getpid()
                    os.kill(pid, signal.SIGKILL)
                    self.killed.append(pid)
            time.sleep(0.01)


def test_a_killed_actor_loses_and_repeats_no_row_and_answers_are_those_of_the_local_engine(
    bundle, cluster, given, expected, tmp_path
):
    out = tmp_path / "out"
    killer = Killer(out, "long")
    killer.start()
    finished = command("predict", bundle, "--input", given, "--output", out, "--engine", "ray", "--workers", "2")
    assert finished.status == 0, finished.err
    assert len(killer.killed) == 1
    assert "5 of 5 parts, 6,301 rows, 2 rows rejected" in finished.err
    assert_same(out, expected)
    # what one engine has finished is finished for the other
    written = parts.times(out)
    again = command("predict", bundle, "--input", given, "--output", out)
    assert "5 of 5 parts (5 finished before), 6,301 rows, 2 rows rejected" in again.err
    assert parts.times(out) == written


@pytest.mark.full
def test_a_part_that_kills_every_worker_is_given_up_and_the_others_are_scored(
    bundle, cluster, given, expected, tmp_path
):
    out = tmp_path / "out"
    killer = Killer(out, "long", times=4)
    killer.start()
    finished = command("predict", bundle, "--input", given, "--output", out, "--engine", "ray")
    assert finished.status == 1
    assert len(killer.killed) == 4
    assert "long.csv failed: 4 workers died over it" in finished.err and "error: 1 of 5 parts failed" in finished.err
    finished = command("predict", bundle, "--input", given, "--output", out, "--engine", "ray")
    assert finished.status == 0 and "5 of 5 parts (4 finished before)" in finished.err
    assert_same(out, expected)


@pytest.mark.full
def test_a_bundle_that_cannot_be_loaded_is_one_line_though_a_worker_finds_out(bundle, cluster, given, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(bundle, broken)
    (broken / "model.keras").write_bytes(b"nothing")
    finished = command("predict", broken, "--input", given, "--output", tmp_path / "out", "--engine", "ray")
    assert finished.status == 1
    assert finished.err.startswith("error: ") and "model.keras: changed or damaged" in finished.err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.full
def test_a_command_that_was_killed_with_its_cluster_is_gone_on_with(bundle, given, expected, tmp_path):
    out, run = tmp_path / "out", ("predict", bundle, "--input", given, "--engine", "ray", "--workers", "1", "--output")
    killed = start(*run, out)
    while len(list(out.glob("*.parquet"))) < 2:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    time.sleep(5)  # its processes notice and end
    written = parts.times(out)
    assert 2 <= len(written) < 5
    ended = start(*run, out)
    _, err = ended.communicate(timeout=300)
    assert ended.returncode == 0 and f"5 of 5 parts ({len(written)} finished before), 6,301 rows" in err
    assert parts.times(out).items() >= written.items()
    assert_same(out, expected)
