"""The predict command with Ray: actors in other processes, some of which are killed."""

import os
import shutil
import signal
import threading
import time

import pytest

from kerascnn.scoring import splitting
from tests.pipelines import parts
from tests.pipelines.conftest import command, start

ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def bundle(news_bundle):
    return news_bundle[0]


@pytest.fixture(scope="module")
def cluster():
    """Start Ray with two cores and a small object store; its processes have normal priority."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        ray.init(
            address="local", num_cpus=2, include_dashboard=False, object_store_memory=80_000_000, log_to_driver=False
        )
        yield
        ray.shutdown()


@pytest.fixture(scope="module")
def input_folder(news, tmp_path_factory):
    """Write parts of every format, two of them with invalid rows, and a long one."""
    folder, _ = parts.write_folder(tmp_path_factory.mktemp("given") / "in", news[0])
    parts.write_part(folder / "long.csv", news[0] * 20)
    with open(folder / "a.csv", "a") as file:
        file.write('900,"never closed\n901,good\n')
    with open(folder / "b.jsonl", "a") as file:
        file.write('{"text": null}\n')
    return folder


@pytest.fixture(scope="module")
def expected(bundle, input_folder, tmp_path_factory):
    """Score the folder with the local engine."""
    out = tmp_path_factory.mktemp("expected")
    finished = command("predict", bundle, "--input", input_folder, "--output", out)
    assert finished.status == 0, finished.err
    return out


def assert_same_output(out, expected):
    """Check that two output folders have the same files, rows and rejected rows."""
    found, other = parts.read_predictions(out), parts.read_predictions(expected)
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in expected.iterdir())
    assert list(found) == list(other)
    for name, rows in found.items():
        for row, other_row in zip(rows, other[name], strict=True):
            # threads add in another order
            assert row == other_row | {"score": pytest.approx(other_row["score"], abs=2e-6)}
    for path in expected.glob("*.rejected.jsonl"):
        assert (out / path.name).read_bytes() == path.read_bytes()


class Killer(threading.Thread):
    """Kills the process that scores a part, one or more times."""

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


def test_killed_actor_loses_no_row_and_output_equals_local_engine(bundle, cluster, input_folder, expected, tmp_path):
    out = tmp_path / "out"
    killer = Killer(out, "long")
    killer.start()
    finished = command("predict", bundle, "--input", input_folder, "--output", out, "--engine", "ray", "--workers", "2")
    assert finished.status == 0, finished.err
    assert len(killer.killed) == 1
    assert "5 of 5 parts, 6,301 rows, 2 rows rejected" in finished.err
    assert_same_output(out, expected)
    # one engine skips the finished parts of the other
    written = parts.file_versions(out)
    again = command("predict", bundle, "--input", input_folder, "--output", out)
    assert "5 of 5 parts (5 finished before), 6,301 rows, 2 rows rejected" in again.err
    assert parts.file_versions(out) == written


@pytest.mark.full
def test_workers_share_the_rows_of_a_file(bundle, cluster, input_folder, expected, tmp_path, monkeypatch):
    monkeypatch.setattr(splitting, "PIECE_BYTES", 200_000)
    out = tmp_path / "out"
    finished = command("predict", bundle, "--input", input_folder / "long.csv", "--output", out, "--engine", "ray")
    assert finished.status == 0, finished.err
    assert "1 of 1 parts" in finished.err
    (tmp_path / "long").mkdir()
    shutil.copy(expected / "long.parquet", tmp_path / "long")
    assert_same_output(out, tmp_path / "long")


@pytest.mark.full
def test_part_that_kills_every_worker_fails_alone(bundle, cluster, input_folder, expected, tmp_path):
    out = tmp_path / "out"
    killer = Killer(out, "long", times=4)
    killer.start()
    finished = command("predict", bundle, "--input", input_folder, "--output", out, "--engine", "ray")
    assert finished.status == 1
    assert len(killer.killed) == 4
    assert "long.csv failed: 4 workers died" in finished.err and "error: 1 of 5 parts failed" in finished.err
    finished = command("predict", bundle, "--input", input_folder, "--output", out, "--engine", "ray")
    assert finished.status == 0 and "5 of 5 parts (4 finished before)" in finished.err
    assert_same_output(out, expected)


@pytest.mark.full
def test_worker_reports_damaged_bundle_in_one_line(bundle, cluster, input_folder, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(bundle, broken)
    (broken / "model.keras").write_bytes(b"nothing")
    finished = command("predict", broken, "--input", input_folder, "--output", tmp_path / "out", "--engine", "ray")
    assert finished.status == 1
    assert finished.err.startswith("error: ") and "model.keras: changed or damaged" in finished.err
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.full
def test_same_command_continues_after_cluster_is_killed(bundle, input_folder, expected, tmp_path):
    out, run = (
        tmp_path / "out",
        ("predict", bundle, "--input", input_folder, "--engine", "ray", "--workers", "1", "--output"),
    )
    killed = start(*run, out)
    while len(list(out.glob("*.parquet"))) < 2:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    time.sleep(5)  # until the processes of the cluster end
    written = parts.file_versions(out)
    assert 2 <= len(written) < 5
    ended = start(*run, out)
    _, err = ended.communicate(timeout=300)
    assert ended.returncode == 0 and f"5 of 5 parts ({len(written)} finished before), 6,301 rows" in err
    assert parts.file_versions(out).items() >= written.items()
    assert_same_output(out, expected)
