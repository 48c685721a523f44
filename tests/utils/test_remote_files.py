"""Files by their address, in the memory of fsspec as in an object store."""

from __future__ import annotations

import gzip
import http.server
import sys
import threading

import fsspec
import pyarrow
import pyarrow.parquet
import pytest

from kerascnn.config import default_config
from kerascnn.data import readers
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_rows
from kerascnn.experiment.run_folders import default_bundle_folder
from kerascnn.utils.errors import InputError
from kerascnn.utils.remote_files import write_remote

CSV = "text,label\nthe film bored everyone,negative\na fine cast,positive\n"
ROWS = [("the film bored everyone", ("negative",)), ("a fine cast", ("positive",))]


@pytest.fixture
def store():
    """Return the file system of ``memory://``, which all tests of a process share, empty before and afterwards."""
    files = fsspec.filesystem("memory")
    files.rm("/", recursive=True)
    yield files
    files.rm("/", recursive=True)


def read(*specs):
    return [(row.text, row.labels) for row in read_rows(specs, SourceConfig())]


def test_reads_every_format_by_its_address(store):
    store.pipe("/rows/a.csv", CSV.encode())
    store.pipe("/rows/b.csv.gz", gzip.compress(CSV.encode()))
    store.pipe("/rows/c.jsonl", b'{"text": "a fine cast", "label": "positive"}\n')
    with store.open("/rows/d.parquet", "wb") as file:
        pyarrow.parquet.write_table(pyarrow.table({"text": ["dull"], "label": ["negative"]}), file)
    assert read("memory://rows/a.csv") == read("memory://rows/b.csv.gz") == ROWS
    assert read("memory://rows/*") == [*ROWS, *ROWS, ROWS[1], ("dull", ("negative",))]
    assert readers.column_names("memory://rows/d.parquet", SourceConfig()) == ["text", "label"]


def test_reads_from_a_server(tmp_path):
    (tmp_path / "a.csv").write_text(CSV)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert read(f"{address}/a.csv") == ROWS
        with pytest.raises(InputError, match=r"/b\.csv cannot be opened: no such file"):
            read(f"{address}/b.csv")
        server.shutdown()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("memory://rows/b.csv", "memory://rows/b.csv cannot be opened: no such file"),
        ("memory://rows/*.json", "no file 'memory://rows/*.json'"),
        ("memory://rows", "memory://rows: unknown format, no file extension"),
        ("nowhere://rows/a.csv", "nowhere://rows/a.csv cannot be opened: Protocol not known"),
    ],
    ids=["missing", "no match", "folder", "protocol"],
)
def test_names_addresses_that_cannot_be_read(spec, message, store):
    store.pipe("/rows/a.csv", CSV.encode())
    with pytest.raises(InputError) as raised:
        read(spec)
    assert str(raised.value).startswith(message)


def test_names_the_extra_of_a_package_that_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(InputError, match=r'pip install "kerascnn\[cloud\]"'):
        read("s3://bucket/rows.csv")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_file_is_written_as_a_whole_or_not_at_all(name, store):
    with pytest.raises(ValueError, match="stop"), write_remote(f"memory://out/{name}") as file:
        file.write("text\n")
        raise ValueError("stop")
    assert not store.exists(f"/out/{name}")
    with write_remote(f"memory://out/{name}") as file:
        file.write(CSV)
    assert read(f"memory://out/{name}") == ROWS


def test_bundle_has_the_name_of_the_file():
    config = default_config("word_cnn").replace_values({"data": ["s3://bucket/reviews.csv.gz"]}, "test")
    assert default_bundle_folder(config).name == "reviews-word_cnn"
