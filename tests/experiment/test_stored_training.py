"""Training from files: the result of a training in memory, and clear errors for what needs memory."""

import json

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, classifier_fitting
from kerascnn.classifier_data import prepare_stored_data
from kerascnn.config import config_from_dict
from kerascnn.data import stored_documents
from kerascnn.data.row_estimate import estimate_source_rows
from kerascnn.experiment import SearchOptions, run_distillation, run_search, run_training
from kerascnn.experiment.run_data import choose_cache, read_splits
from kerascnn.utils.errors import InputError

NETWORK = {
    "model": "bow", "text": {"max_length": 32}, "training": {"epochs": 2, "deterministic": True},
    "network": {"ngrams": [1], "linear_ngrams": [1], "linear_characters": [], "ngram_buckets": 512},
}  # fmt: skip
SOLVED = {"model": "bow", "text": {"max_length": 32}, "network": {"linear_ngrams": [1], "linear_characters": []}}
NO_REFIT = {**NETWORK, "training": {**NETWORK["training"], "refit_rows": 0}}
SOLVED_ONCE = {**SOLVED, "training": {"refit_rows": 0}}


def make_config(values, data, output, **source):
    return config_from_dict({**values, "data": [str(data)], "output": str(output), "source": source}, "test")


def train(values, data, output, **source):
    """Train, and return the result and the messages."""
    messages = []
    config = make_config(values, data, output, **source)
    return run_training(config, export=["none"], verbose=False, log=messages.append), messages


def assert_same_weights(found, expected):
    for one, other in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def without_time(value):
    """Return metrics without times."""
    if isinstance(value, dict):
        return {key: without_time(item) for key, item in value.items() if "second" not in key}
    return value


@pytest.fixture(scope="module")
def lists_jsonl(news, tmp_path_factory):
    """Rows with a list of labels."""
    path = tmp_path_factory.mktemp("lists") / "lists.jsonl"
    rows = [
        {"text": text, "label": [label, "short"] if len(text) < 60 else [label]}
        for text, label in zip(*news, strict=True)
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "kind",
    [
        "network", "linear classifier",
        *(pytest.param(kind, marks=pytest.mark.full) for kind in ("network, refitted", "lists of labels")),
    ],
)  # fmt: skip
def test_training_from_files_gives_the_bundle_of_a_training_in_memory(kind, news_csv, lists_jsonl, tmp_path):
    values = {"network, refitted": NETWORK, "network": NO_REFIT}.get(kind, SOLVED)
    data = lists_jsonl if kind == "lists of labels" else news_csv
    expected, _ = train(values, data, tmp_path / "memory")
    found, messages = train(values, data, tmp_path / "files", in_memory_rows=0)
    assert messages[0].startswith("about 300 rows are more than ")
    assert messages[0].endswith(f": training from files in {tmp_path / '.cache'}")
    assert_same_weights(found.bundle.model, expected.bundle.model)
    assert without_time(found.metrics) == without_time(expected.metrics)
    assert found.bundle.data == expected.bundle.data
    assert found.bundle.vectorizer.vocabulary == expected.bundle.vectorizer.vocabulary
    assert ("refit" in found.metrics) == (kind != "network")


def test_files_are_found_again_with_other_seeds_and_outputs(news_csv, tmp_path, monkeypatch):
    train(SOLVED_ONCE, news_csv, tmp_path / "first", in_memory_rows=0, cache_dir=str(tmp_path / "cache"))
    entries = sorted((tmp_path / "cache").iterdir())
    assert [entry.name.partition("-")[0] for entry in entries] == ["ids", "ids", "rows", "vocabulary"]
    times = [entry.stat().st_mtime_ns for entry in entries]
    monkeypatch.setattr(stored_documents.Vectorizer, "count_tokens", None)
    train(
        {**SOLVED_ONCE, "seed": 1},
        news_csv,
        tmp_path / "a" / "second",
        in_memory_rows=0,
        cache_dir=str(tmp_path / "cache"),
    )
    assert sorted((tmp_path / "cache").iterdir()) == entries
    assert [entry.stat().st_mtime_ns for entry in entries] == times


@pytest.fixture
def shards(monkeypatch):
    """Make shards small, and give solvers a part of the rows only."""
    monkeypatch.setattr(stored_documents, "SHARD_ROWS", 50)
    monkeypatch.setattr(classifier_fitting, "MAX_SOLVER_TOKENS", 2000)


class Stop(keras.callbacks.Callback):
    """Ends a training like Ctrl-C after its first epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 1:
            raise KeyboardInterrupt


def test_resumed_training_on_shards_ends_with_the_weights_of_an_undisturbed_one(shards, news_csv, tmp_path):
    config = make_config(NO_REFIT, news_csv, tmp_path / "out", in_memory_rows=0)
    cache = choose_cache(config)
    data = prepare_stored_data(read_splits(config, cache), cache, refit=False)
    whole = TextClassifier.from_config(config).fit_data(config, data)
    with pytest.raises(KeyboardInterrupt):
        TextClassifier.from_config(config).fit_data(config, data, callbacks=[Stop()], folder=tmp_path / "state")
    for path in cache.folder.iterdir():  # the files are written again in the same way
        if path.name.startswith("ids"):
            (path / "lengths.npy").unlink()
    resumed = TextClassifier.from_config(config).fit_data(config, data, folder=tmp_path / "state", resume=True)
    assert_same_weights(resumed.model_, whole.model_)
    other = make_config({**NO_REFIT, "seed": 1}, news_csv, tmp_path / "out", in_memory_rows=0)
    history = TextClassifier.from_config(other).fit_data(other, data).bundle_.history
    assert history[0]["loss"] != whole.bundle_.history[0]["loss"]


@pytest.mark.parametrize("values", [NO_REFIT, SOLVED], ids=["network", "linear classifier"])
def test_linear_classifier_is_solved_on_a_part_of_many_rows(shards, news, news_csv, tmp_path, values, capsys):
    config = make_config(values, news_csv, tmp_path / "out", in_memory_rows=0)
    cache = choose_cache(config)
    data = prepare_stored_data(read_splits(config, cache), cache, refit=False)
    classifier = TextClassifier.from_config(config).fit_data(config, data, verbose=True)
    assert "the linear classifier is solved on " in capsys.readouterr().err
    assert classifier.score(*news) > 0.6
    assert set(classifier.bundle_.metrics) & {"linear_member", "linear_classifier"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"model": "auto"}, "auto holds all rows in memory; choose --model word_cnn or char_cnn, or allow more rows"),
        ({"model": "sentence_cnn"}, "sentence_cnn holds all rows in memory"),
        ({"distillation": {"teacher": "bow"}}, "a teacher labels all rows in memory; leave --teacher out"),
        ({"training": {"refit_rows": 5000}}, "holds all rows in memory; leave --training.refit_rows out"),
    ],
)
def test_what_needs_all_rows_in_memory_is_rejected_before_they_are_read(news_csv, tmp_path, values, message):
    config = make_config(values, news_csv, tmp_path / "out", in_memory_rows=10)
    with pytest.raises(InputError) as caught:
        choose_cache(config)
    assert message in str(caught.value)
    assert str(caught.value).startswith("about 300 rows are more than --source.in-memory-rows 10, but")
    assert not (tmp_path / ".cache").exists()


def test_search_and_distillation_reject_more_rows_than_memory_holds(news_csv, tmp_path):
    config, space = make_config(NETWORK, news_csv, tmp_path / "out", in_memory_rows=10), tmp_path / "space.yaml"
    space.write_text("training.learning_rate: [0.001, 0.01]")
    with pytest.raises(InputError, match="a search holds all rows in memory; search with a part of the rows, or allow"):
        run_search(config, SearchOptions(space=space, trials=1))
    with pytest.raises(InputError, match="a teacher labels all rows in memory"):
        run_distillation(config.replace_values({"distillation": {"teacher": "bow"}}, "test"))


def test_tagger_holds_all_rows_in_memory(tmp_path):
    (tmp_path / "a.conll").write_text("A X\n\nB Y\n" * 20)
    config = config_from_dict({"model": "id_cnn", "data": [str(tmp_path / "a.conll")]}, "test")
    assert choose_cache(config.replace_values({"source": {"in_memory_rows": 10}}, "test")) is None
    with pytest.raises(InputError, match="id_cnn holds all rows in memory; allow more rows in memory"):
        choose_cache(config.replace_values({"source": {"in_memory_rows": 0}}, "test"))


def test_cache_that_cannot_be_written_is_rejected_before_rows_are_read(news_csv, tmp_path):
    (tmp_path / "file").write_text("")
    config = make_config(NETWORK, news_csv, tmp_path / "out", in_memory_rows=0, cache_dir=str(tmp_path / "file" / "a"))
    with pytest.raises(InputError, match=r"file is a file; choose another --source.cache-dir"):
        choose_cache(config)


def test_standard_input_cannot_be_trained_on_from_files(tmp_path):
    with pytest.raises(InputError, match="standard input is read once; write it into a file"):
        choose_cache(make_config(NETWORK, "-", tmp_path / "out", in_memory_rows=0))


def test_threshold_counts_the_rows_of_all_files(news_csv, tmp_path):
    source = {"in_memory_rows": 300}
    config = make_config(NETWORK, news_csv, tmp_path / "out", **source)
    assert choose_cache(config) is None
    twice = config.replace_values({"data": [str(news_csv), str(news_csv)]}, "test")
    assert choose_cache(twice).folder == tmp_path / ".cache"
    assert estimate_source_rows([str(news_csv), "demo:bbc", "-"], config.source) == 300


def test_files_of_an_object_store_are_counted_and_read_again_if_they_change(news_csv, tmp_path):
    import fsspec

    def write(content):
        with fsspec.open("memory://stored/news.csv", "wb") as file:
            file.write(content)

    def read():
        config = make_config(NETWORK, "memory://stored/*.csv", tmp_path / "out", in_memory_rows=100)
        return read_splits(config, choose_cache(config))

    content = news_csv.read_bytes()
    write(content)
    first = read()
    assert (len(first.train), len(list((tmp_path / ".cache").iterdir()))) == (240, 1)
    assert read().train.folder == first.train.folder
    write(content.replace(b"sports", b"games!"))
    assert "games!" in read().train.find_labels()
