"""Memory is bounded in bytes: files that are small and expand are read in pieces, or refused."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

MEGABYTE = 2**20
LIMIT = 160 * MEGABYTE
"""Largest growth of the memory of the process; each file expands to 300 MB and more."""
PROGRAM = """
import json, resource, sys
from pathlib import Path
import numpy, pyarrow.parquet
from kerascnn.data.config import SourceConfig
from kerascnn.data.readers import parquet
from kerascnn.data.sources import read_rows, read_texts
from kerascnn.scoring.arrow_tables import read_tables
from kerascnn.text.word_vectors import read_vectors
from kerascnn.utils.errors import InputError

resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32))
parquet._MIN_UNPACKED_BYTES = 2**24
readers = {
    "rows": lambda path: len(list(read_rows([path], SourceConfig()))),
    "texts": lambda path: sum(1 for _ in read_texts(path, SourceConfig())),
    "skipping": lambda path: sum(1 for _ in read_texts(path, SourceConfig(), on_bad_row=lambda row: None)),
    "tables": lambda path: sum(map(len, read_tables(path, SourceConfig(), lambda row: None))),
    "vectors": lambda path: len(read_vectors(path, ["", "", "film"]).rows),
}
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
for job in json.loads(sys.argv[1]):
    before = peak()
    try:
        found = readers[job[0]](job[1])
    except InputError as error:
        found = str(error)
    print(json.dumps([found, peak() - before]))
"""


def parquet_of(columns, **options):
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, compression="zstd", **options)
    return file.getvalue()


def repeat(text, count):
    return pyarrow.DictionaryArray.from_arrays(np.zeros(count, np.int32), [text])


def gzip_of(start, size=320):
    """Return a gzip file of a start and many equal megabytes, without making them."""
    return gzip.compress(start) + gzip.compress(b"x" * MEGABYTE) * size


def npz_of_words(count):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in (("words", np.zeros(count, "U999")), ("vectors", np.zeros((count, 2), np.float32))):
            with archive.open(f"{name}.npy", "w") as member:
                np.save(member, array)
    return file.getvalue()


def cases():
    long, few = "x" * 1_000_000, pyarrow.array(["a", "b"] * 160)
    lists = pyarrow.ListArray.from_arrays(np.arange(321, dtype=np.int32), repeat(long, 320))
    huge = parquet_of({"text": repeat("x" * 17_000_000, 4), "label": few[:4]})
    too_large = "16,000,000 bytes, the limit of a row"
    nulls = pyarrow.nulls(2_000_000, pyarrow.string())
    return {
        "nulls.parquet": (parquet_of({"text": nulls, "label": nulls}), "declares 2,000,000 rows in"),
        "dictionary.parquet": (parquet_of({"text": repeat(long, 320), "label": few}, store_schema=False), 320),
        "category.parquet": (parquet_of({"text": repeat(long, 320), "label": few}), 320),
        "list.parquet": (parquet_of({"text": few, "label": few, "note": lists}, store_schema=False), 320),
        "row.parquet": (huge, "row 1: 17,000,001 bytes, more than 16,000,000 bytes"),
        "plain.parquet": (parquet_of({"text": [long] * 320, "label": few[:320]}, use_dictionary=False), "declares 320"),
        "zeros.parquet.gz": (gzip_of(b""), "does not start with PAR1"),
        "bomb.parquet.gz": (gzip_of(b"PAR1"), "too many for its size"),
        "line.csv.gz": (gzip_of(b"text,label\n"), f"line 2: more than {too_large}"),
        "line.tsv.gz": (gzip_of(b""), f"line 1: more than {too_large}"),
        "quote.csv.gz": (gzip_of(b'text,label\n"'), "line 2: more than"),
        "line.jsonl.gz": (gzip_of(b'{"text": "'), f"line 1: more than {too_large}"),
        "folder/a/line.txt.gz": (gzip_of(b"line\n"), f"line 2: more than {too_large}"),
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Read all files in one process."""
    folder, jobs = tmp_path_factory.mktemp("bombs"), []
    for name, (content, expected) in cases().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        readers = ["rows"] if "folder" in name else ["rows", "texts", "skipping", "tables"]
        jobs += [(reader, str(folder / name.split("/")[0]), expected) for reader in readers]
    for name, content, expected in (
        ("line.vec.gz", gzip_of(b"film 1 2\ngood "), "line 2: 1,048,576 bytes or more"),
        ("words.npz", npz_of_words(80_000), "has none of the 1 tokens"),
    ):
        (folder / name).write_bytes(content)
        jobs.append(("vectors", str(folder / name), expected))
    program = [sys.executable, "-c", PROGRAM, json.dumps([job[:2] for job in jobs])]
    process = subprocess.run(program, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return [(*job, *json.loads(line)) for job, line in zip(jobs, process.stdout.splitlines(), strict=True)]


def test_expanding_files_are_read_or_refused(results):
    for reader, path, expected, found, _ in results:
        is_right = found == expected if isinstance(expected, int) else expected in str(found) and path in str(found)
        assert is_right, (reader, path, expected, found)


def test_expanding_files_take_little_memory(results):
    assert [(reader, path, growth) for reader, path, _, _, growth in results if growth > LIMIT] == []
