"""TensorFlow Datasets: prepared ones are read by name, others fail fast without a network."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets

from kerascnn.data import tfds
from kerascnn.data.config import SourceConfig
from kerascnn.data.sources import read_records, read_rows
from kerascnn.data.splits import load_splits
from kerascnn.utils.errors import InputError
from tests.data.real_text import CHINESE, ENGLISH, csv_text

Text, ClassLabel = tensorflow_datasets.features.Text, tensorflow_datasets.features.ClassLabel
LABELS = ["negative", "positive"]
TRAIN = [(text, label) for text, label in ENGLISH] + [(f"It is bad {n} times.", "negative") for n in range(40)]


@pytest.fixture
def prepare(tmp_path: Path) -> Callable[..., SourceConfig]:
    """Prepare a data set so that only its files are left, and return the settings to read it."""

    def prepare_data_set(name: str, features: dict, splits: dict[str, list[dict]], **settings: str) -> SourceConfig:
        class Prepared(tensorflow_datasets.core.GeneratorBasedBuilder, skip_registration=True):
            VERSION = tensorflow_datasets.core.Version("1.0.0")

            def _info(self) -> tensorflow_datasets.core.DatasetInfo:
                return tensorflow_datasets.core.DatasetInfo(
                    builder=self, features=tensorflow_datasets.features.FeaturesDict(features)
                )

            def _split_generators(self, dl_manager: object) -> dict:
                return {split: enumerate(examples) for split, examples in splits.items()}

            def _generate_examples(self) -> None:
                raise NotImplementedError

        Prepared.name = name
        Prepared(data_dir=str(tmp_path)).download_and_prepare()
        return SourceConfig(tfds_dir=str(tmp_path), **settings)

    return prepare_data_set


def examples(pairs: list[tuple[str, str]], text: str = "text", label: str = "label") -> list[dict]:
    return [{text: words, label: name} for words, name in pairs]


def error(spec: str, source: SourceConfig) -> str:
    with pytest.raises(InputError) as caught:
        list(read_rows([spec], source))
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_reads_prepared_data_set_with_label_names(prepare):
    features = {"text": Text(), "label": ClassLabel(names=["差评", "好评"])}
    source = prepare("hotels", features, {"train": examples(CHINESE), "test": examples(CHINESE[:2])})
    rows = list(read_rows(["tfds:hotels"], source))
    assert sorted((row.text, row.label) for row in rows) == sorted(CHINESE)
    assert [(row.file, row.number) for row in rows] == [("tfds:hotels:train", number) for number in (1, 2, 3, 4)]
    assert len(list(read_rows(["tfds:hotels:test"], source))) == 2
    assert len(list(read_rows(["tfds:hotels:1.0.0:train[:50%]"], source))) == 2


def test_uses_own_validation_and_test_split_of_data_set(prepare):
    features = {"text": Text(), "label": ClassLabel(names=LABELS)}
    splits = {"train": TRAIN, "validation": [("So so.", "negative")], "test": [("A triumph.", "positive")]}
    source = prepare("reviews", features, {split: examples(pairs) for split, pairs in splits.items()})
    loaded = load_splits(["tfds:reviews"], (), (), source)
    assert len(loaded.train) == len(TRAIN)
    assert [row.text for row in loaded.validation] == ["So so."]
    assert [row.text for row in loaded.test] == ["A triumph."]
    assert "test data: tfds:reviews:test, 1 row" in loaded.messages


def test_ignores_test_split_with_hidden_labels(prepare):
    features = {"text": Text(), "label": ClassLabel(names=LABELS)}
    hidden = [{"text": "A secret.", "label": -1}, {"text": "Another.", "label": -1}]
    source = prepare("contest", features, {"train": examples(TRAIN), "test": hidden})
    loaded = load_splits(["tfds:contest"], (), (), source)
    assert "tfds:contest:test has no labels and is not used" in loaded.messages
    assert len(loaded.train) + len(loaded.validation) + len(loaded.test) == len(TRAIN)


def test_finds_only_text_and_class_feature(prepare):
    features = {"sentence": Text(), "stars": ClassLabel(names=LABELS), "idx": np.int32}
    rows = [{**example, "idx": 7} for example in examples(ENGLISH, "sentence", "stars")]
    source = prepare("sentences", features, {"train": rows})
    assert sorted((row.text, row.label) for row in read_rows(["tfds:sentences"], source)) == sorted(ENGLISH)
    record = next(read_records("tfds:sentences", source))
    assert set(record.fields) == {"text", "label"}


@pytest.mark.parametrize(("text_column", "label_column", "label"), [("title", "topic", "x"), ("body", "year", "2004")])
def test_columns_choose_among_several_features(prepare, text_column, label_column, label):
    features = {
        "title": Text(),
        "body": Text(),
        "topic": Text(),
        "year": np.int64,
        "score": np.float32,
    }
    row = {"title": "title", "body": "body", "topic": "x", "year": 2004, "score": 0.5}
    source = prepare("articles", features, {"train": [row]}, text_column=text_column, label_column=label_column)
    assert [(r.text, r.label) for r in read_rows(["tfds:articles"], source)] == [(text_column, label)]


def test_ambiguous_features_error_names_option(prepare):
    features = {"title": Text(), "body": Text(), "score": np.float32, "label": np.float32}
    source = prepare("articles", features, {"train": [{"title": "a", "body": "b", "score": 0.5, "label": 0.5}]})
    message = error("tfds:articles", source)
    assert "no feature 'text' and 2 of type Text; there are 'body', 'label', 'score', 'title'" in message
    assert "--text-column" in message
    titled = SourceConfig(tfds_dir=source.tfds_dir, text_column="title")
    assert "'label' is " in error("tfds:articles", titled)
    other = SourceConfig(tfds_dir=source.tfds_dir, text_column="title", label_column="stars")
    assert "--label-column" in error("tfds:articles", other)
    scores = SourceConfig(tfds_dir=source.tfds_dir, text_column="score")
    assert "'score' is not text" in error("tfds:articles", scores)


def test_missing_tensorflow_datasets_is_named_in_error(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    message = error("tfds:imdb_reviews", SourceConfig(tfds_dir=str(tmp_path)))
    assert message.startswith("tfds: sources need tensorflow-datasets, which cannot be imported (")
    assert message.endswith("; pip install tensorflow-datasets")


def test_other_sources_work_without_tensorflow_datasets(write):
    path = write("train.csv", csv_text([*ENGLISH, *((f"{text} Again.", label) for text, label in ENGLISH)]))
    program = f"""if True:
        import sys
        sys.modules |= dict.fromkeys(("tensorflow_datasets", "tensorflow_text", "tensorflow"))
        from kerascnn.data.config import SourceConfig
        from kerascnn.data.splits import load_splits
        splits = load_splits([{path!r}], (), (), SourceConfig())
        assert len(splits.train) + len(splits.validation) + len(splits.test) == 8
    """
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_unknown_split_error_lists_splits(prepare):
    features = {"text": Text(), "label": ClassLabel(names=LABELS)}
    source = prepare("reviews", features, {"train": examples(TRAIN)})
    message = error("tfds:reviews:trian", source)
    assert "no split 'trian'; did you mean 'train'?; there are train" in message


def test_rejects_unknown_names_configs_and_versions(tmp_path):
    source = SourceConfig(tfds_dir=str(tmp_path))
    assert "no such data set; did you mean 'imdb_reviews'" in error("tfds:imdb_reviws", source)
    assert "no config 'sst'; there are cola, sst2" in error("tfds:glue/sst", source)
    assert "0.0.7" in error("tfds:imdb_reviews:0.0.7", source)
    assert "tfds:NAME[/config]" in error("tfds:", source)


@pytest.mark.parametrize("name", ["imdb_reviews", "glue/sst2", "trec"])
def test_fails_fast_without_network(monkeypatch, tmp_path, name):
    def no_name_server(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name_server)
    start = time.monotonic()
    message = error(f"tfds:{name}", SourceConfig(tfds_dir=str(tmp_path)))
    assert time.monotonic() - start < 10
    assert f"tfds:{name} is not prepared in {tmp_path}, and there is no network" in message
    assert f"load('{name}', data_dir='FOLDER')" in message
    assert "--source.tfds_dir FOLDER" in message


def test_silent_name_server_does_not_block(monkeypatch, tmp_path):
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(60) and [])
    monkeypatch.setattr(tfds, "PROBE_SECONDS", 0.2)
    start = time.monotonic()
    assert "no network" in error("tfds:trec", SourceConfig(tfds_dir=str(tmp_path)))
    assert time.monotonic() - start < 10
    released.set()


def test_probes_proxy_if_one_is_set(monkeypatch, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    assert "127.0.0.1 does not answer" in error("tfds:trec", SourceConfig(tfds_dir=str(tmp_path)))


def test_reports_error_of_data_set_code(tmp_path):
    class HandMade(tensorflow_datasets.core.GeneratorBasedBuilder):
        VERSION = tensorflow_datasets.core.Version("1.0.0")
        MANUAL_DOWNLOAD_INSTRUCTIONS = "Ask the author for reviews.zip."

        def _info(self) -> tensorflow_datasets.core.DatasetInfo:
            features = tensorflow_datasets.features.FeaturesDict({"text": Text(), "label": ClassLabel(names=LABELS)})
            return tensorflow_datasets.core.DatasetInfo(builder=self, features=features)

        def _split_generators(self, dl_manager: object) -> dict:
            return {"train": dl_manager.manual_dir.iterdir()}

        def _generate_examples(self) -> None:
            raise NotImplementedError

    message = error("tfds:hand_made", SourceConfig(tfds_dir=str(tmp_path)))
    assert "tfds:hand_made could not be prepared" in message
    assert "Ask the author for reviews.zip." in message
