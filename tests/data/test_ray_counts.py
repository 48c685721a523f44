"""Tokens counted by Ray workers: the vocabulary of a training in one process."""

import numpy as np
import pytest

from kerascnn.data import ray_counts
from kerascnn.data.cache import Cache
from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Row
from kerascnn.data.stored_documents import find_vectorizer
from kerascnn.data.stored_rows import StoredRows, write_rows
from kerascnn.experiment.run_data import choose_cache
from kerascnn.text.config import TextConfig
from kerascnn.utils import ray_session
from kerascnn.utils.errors import InputError
from tests.experiment.test_stored_training import make_config

SETTINGS = TextConfig(min_count=2, max_length=12)


@pytest.mark.full  # Ray and TensorFlow start
def test_ray_counts_the_vocabulary_of_one_process(news, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(ray_counts, "COUNTED_ROWS", 100)
    texts = [*news[0], "odd \udcff text", ""]
    write_rows(tmp_path / "rows", [Row(text, ("a",), "a.csv", 2) for text in texts], {}, {})
    rows = StoredRows(tmp_path / "rows", [("a",)], ["a.csv"], "single_label")
    some = rows.select(np.flatnonzero(np.arange(len(texts)) % 3)).texts
    found, expected = (
        find_vectorizer(some, SETTINGS, Cache(tmp_path / engine), SourceConfig(engine=engine, workers=1))
        for engine in ("ray", "local")
    )
    assert found.vocabulary == expected.vocabulary
    assert len(found.vocabulary) > 50
    assert [path.name for path in (tmp_path / "ray").rglob("*.npy")] == []


def test_a_missing_ray_is_reported_before_rows_are_read(news_csv, tmp_path, monkeypatch):
    def import_nothing(name, extra):
        raise InputError(f'{name} is not installed: pip install "kerascnn[{extra}]"')

    monkeypatch.setattr(ray_session, "import_optional", import_nothing)
    config = make_config({}, news_csv, tmp_path / "out", in_memory_rows=0, engine="ray")
    with pytest.raises(InputError, match=r"kerascnn\[ray\]"):
        choose_cache(config)
    assert not (tmp_path / ".cache").exists()
