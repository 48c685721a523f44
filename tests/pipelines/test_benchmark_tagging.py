"""The accuracy benchmark of models with a label for each token."""

import csv

import pytest

from tests.pipelines.conftest import command
from tests.tagged import SENTENCES, TAGS

FAST = ("network.filters=16", "network.character_filters=8", "text.min_count=1", "training.epochs=8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a data set of entities with a file per split."""
    place = tmp_path_factory.mktemp("benchmark") / "people"
    place.mkdir()
    pairs = list(zip(SENTENCES, TAGS, strict=True))
    for name, part in {"train": pairs, "dev": pairs[::4], "test": pairs[1::4]}.items():
        lines = ["\n".join(map("\t".join, zip(*pair, strict=True))) + "\n" for pair in part]
        (place / f"{name}.conll").write_text("\n".join(lines), encoding="utf-8")
    return place


@pytest.mark.full
def test_training_of_a_tagger_is_a_row_with_its_metrics(folder, tmp_path):
    path = tmp_path / "tagging.csv"
    options = ("--models", "id_cnn", "--data", f"People={folder}", "--seeds", 0, "--output", path)
    finished = command("benchmark", "accuracy", *options, "--settings", *FAST)
    assert finished.status == 0, finished.err
    assert "People: id_cnn, seed 0: span F1 " in finished.err
    with open(path, encoding="utf-8", newline="") as file:
        [row] = csv.DictReader(file)
    assert (row["model"], row["sentences"], row["epochs"]) == ("id_cnn", str(len(SENTENCES)), "8")
    assert 0.5 < float(row["span_f1"]) <= 1 and 0.5 < float(row["token_accuracy"]) <= 1
    before = path.read_bytes()
    assert command("benchmark", "accuracy", *options, "--settings", *FAST).status == 0
    assert path.read_bytes() == before  # the training is not repeated
    table = command("benchmark", "table", path)
    assert table.out.splitlines()[-1].startswith(f"| People | {len(SENTENCES)} / {len(SENTENCES[1::4])} | id_cnn (")
    assert f"| {100 * float(row['span_f1']):.2f} |" in table.out


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--models", "id_cnn", "word_cnn"), "word_cnn for labels of texts"),
        (("--models", "id_cnn", "--folds", 2), "not for tags"),
        (("--models", "id_cnn", "--rows", 20), "not for tags"),
    ],
)
def test_rejects_options_of_labels_of_texts(folder, tmp_path, options, part):
    finished = command("benchmark", "accuracy", *options, "--data", folder, "--output", tmp_path / "x.csv")
    assert finished.status == 1
    assert part in finished.err
