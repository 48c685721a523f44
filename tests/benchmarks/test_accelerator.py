"""The benchmark of the networks against the limits of a device."""

import csv

import keras
import numpy as np
import pytest

from benchmarks import accelerator
from benchmarks.layer_costs import count_costs
from kerascnn import layers
from tests.benchmarks.conftest import command


def test_costs_follow_from_shapes():
    ids = keras.Input((None,), dtype="int32")
    vectors = layers.Embedding(100, 8)(ids)
    convolved = keras.layers.Conv1D(6, 3, strides=2, padding="same")(vectors)
    logits = keras.layers.Dense(2)(keras.layers.GlobalMaxPooling1D()(convolved))
    costs = count_costs(keras.Model(ids, logits), np.ones((5, 10), "int32"))
    assert costs.flop == 5 * (5 * 2 * 3 * 8 * 6 + 2 * 6 * 2)
    outputs, dense = 4 * 5 * (10 * 8 + 5 * 6 + 2), 4 * (3 * 8 * 6 + 6 * 2)
    assert costs.inference == (costs.flop, 2 * outputs + dense)
    assert costs.training == (3 * costs.flop, 5 * outputs + 8 * (dense + 4 * (100 * 8 + 6 + 2)))


def test_table_has_speeds_and_shares_of_the_limits(tmp_path):
    lines = [
        "X100,jax,matrix product,,bfloat16,,8192,2,1100,,500000,",
        "X100,jax,copy,,float32,,1024,1,,2000,,3000",
        "X100,jax,training,word_cnn,mixed_bfloat16,256,64,2,100,600,500000,3000",
    ]
    path = tmp_path / "accelerator.csv"
    path.write_text("\n".join([",".join(accelerator.COLUMNS), *lines, ""]), encoding="utf-8")
    finished = command("table", path)
    assert finished.status == 0, finished.err
    printed = finished.out.splitlines()
    assert "| X100 | jax | matrix product | bfloat16 | 500,000 |  |" in printed
    assert "| X100 | jax | copy | float32 |  | 3,000 |" in printed
    assert (
        printed[-1]
        == "| X100 | jax | word_cnn | training | mixed_bfloat16 | 256 | 64 | 128,000 | 50.00 | 10.0% | 10.0% |"
    )


@pytest.mark.full
@pytest.mark.parametrize("model", ["word_cnn", "sentence_cnn"])
def test_measures_training_and_inference(model, tmp_path, monkeypatch):
    monkeypatch.setattr(accelerator, "MEASURED_SECONDS", 0.01)
    path = tmp_path / "accelerator.csv"
    finished = command("accelerator", "--models", model, "--batch-sizes", 2, "--dtypes", "float32", "--output", path)
    assert finished.status == 0, finished.err
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["work"], row["model"]) for row in rows[-2:]] == [("training", model), ("inference", model)]
    assert [row["work"] for row in rows[:-2]] == [*["matrix product"] * 3, "copy"]
    assert all(float(row["milliseconds"]) > 0 for row in rows)
