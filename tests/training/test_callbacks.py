"""Callbacks of Keras and of users in ``TextClassifier.fit``."""

from __future__ import annotations

import csv
import itertools
import pickle

import keras
import numpy as np
import pytest
from sklearn.base import clone

from kerascnn import TextClassifier, load
from kerascnn.training.multi_step import STEPS_PER_EXECUTION

SETTINGS = {
    "filters": 8, "ngrams": (), "linear_ngrams": (), "max_length": 32, "min_count": 1,
    "epochs": 3, "patience": 3, "batch_size": 8,
}  # fmt: skip
METRICS = {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.fixture(scope="module")
def halves(news):
    texts, labels = news
    return (texts[::2], labels[::2]), (texts[1::2], labels[1::2])


def fit(halves, *callbacks, **settings):
    train, validation = halves
    return TextClassifier(**SETTINGS | settings).fit(*train, validation_data=validation, callbacks=callbacks)


class Recorder(keras.callbacks.Callback):
    """Records every call: name of the hook, epoch or batch, names of the logs."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if not name.startswith("on_"):
            return super().__getattribute__(name)

        def record(*arguments, logs=None):
            *position, logs = arguments if arguments and isinstance(arguments[-1], dict) else (*arguments, logs)
            self.calls.append((name, *(value for value in position if value is not None), set(logs or {})))

        return record


def test_callback_gets_model_params_and_logs_of_each_epoch_and_batch(halves):
    recorder = Recorder()
    classifier = fit(halves, recorder)
    steps, ends = 19, [7, 15, 23]
    assert len(halves[0][0]) == 150 and STEPS_PER_EXECUTION == 8
    assert recorder.params["epochs"] == 3
    assert recorder.params["steps"] == steps
    assert recorder.model.model is classifier.model_
    epochs = [call for call in recorder.calls if call[0] == "on_epoch_end"]
    assert epochs == [("on_epoch_end", epoch, METRICS) for epoch in range(3)]
    batches = [call for call in recorder.calls if call[0] == "on_train_batch_end"]
    assert [number for _, number, _ in batches] == ends * 3
    assert all(logs == {"loss", "accuracy"} for *_, logs in batches)
    names = [call[0] for call in recorder.calls if call[0] != "on_train_batch_begin"]
    assert names[:2] == ["on_train_begin", "on_epoch_begin"]
    assert {"on_train_batch_begin", "on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end"} <= {
        call[0] for call in recorder.calls
    }
    assert names[-2:] == ["on_epoch_end", "on_train_end"]


def test_logs_of_the_last_batch_are_those_of_the_epoch(halves):
    last = {}
    classifier = fit(
        halves,
        keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: last.update(logs),
            on_epoch_end=lambda epoch, logs: last.update({f"epoch_{name}": value for name, value in logs.items()}),
        ),
        epochs=1,
    )
    [row] = classifier.bundle_.history
    for name in ("loss", "accuracy"):
        assert last[name] == pytest.approx(last[f"epoch_{name}"], rel=1e-6)
        assert last[f"epoch_{name}"] == pytest.approx(row[name], rel=1e-6)


def test_early_stopping_stops_training(halves):
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=100, patience=1)
    assert len(fit(halves, stop).bundle_.history) == 2


@pytest.mark.parametrize("hook", ["on_epoch_end", "on_train_batch_end"])
def test_stop_training_stops_after_the_epoch(halves, hook):
    class Stop(keras.callbacks.Callback):
        pass

    def stop(callback, number, logs=None):
        callback.model.stop_training = True

    setattr(Stop, hook, stop)
    assert len(fit(halves, Stop()).bundle_.history) == 1


def test_model_checkpoint_saves_the_functional_model(halves, tmp_path):
    save = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", monitor="val_loss")
    weights = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    classifier = fit(halves, save, weights, monitor="loss")
    best = 1 + int(np.argmin([row["val_loss"] for row in classifier.bundle_.history]))
    loaded = keras.saving.load_model(tmp_path / f"{best}.keras", compile=False)
    assert isinstance(loaded, type(classifier.model_))
    for expected, found in zip(classifier.model_.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    loaded.load_weights(tmp_path / f"{best}.weights.h5")
    for expected, found in zip(classifier.model_.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_loggers_write_the_metrics_of_each_epoch(halves, tmp_path):
    classifier = fit(
        halves, keras.callbacks.CSVLogger(tmp_path / "log.csv"), keras.callbacks.TensorBoard(tmp_path / "tensorboard")
    )
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["val_loss"]) for row in rows] == pytest.approx(
        [row["val_loss"] for row in classifier.bundle_.history]
    )
    assert {path.parent.name for path in tmp_path.glob("tensorboard/*/events.out.tfevents.*")} == {
        "train",
        "validation",
    }


def test_callback_changes_the_learning_rate_of_an_optimizer_without_schedule(halves):
    recorder = Recorder()
    reduce = keras.callbacks.ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1, min_delta=100)
    fit(halves, reduce, recorder, optimizer=keras.optimizers.SGD(0.2))
    assert float(recorder.model.optimizer.learning_rate) == pytest.approx(0.2 * 0.5**2)


def test_best_weights_by_monitor_are_kept_whatever_a_callback_restores(halves):
    restore = keras.callbacks.EarlyStopping(monitor="val_loss", mode="max", restore_best_weights=True)
    settings = {"monitor": "loss", "label_smoothing": 0.0, "calibrate": False, "learning_rate": 0.01}
    classifier = fit(halves, restore, **settings)
    lowest = min(row["val_loss"] for row in classifier.bundle_.history)
    assert classifier.evaluate(*halves[1])["loss"] == pytest.approx(lowest, abs=1e-4)


def test_mlflow_logs_the_metrics_of_each_epoch_and_the_bundle(halves, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    import mlflow
    import mlflow.keras

    classifier = TextClassifier(**SETTINGS)
    with mlflow.start_run() as run:
        mlflow.log_params(classifier.get_params())
        classifier.fit(*halves[0], validation_data=halves[1], callbacks=[mlflow.keras.MlflowCallback()])
        classifier.save(tmp_path / "reviews")
        mlflow.log_artifacts(tmp_path / "reviews", "bundle")
    client = mlflow.MlflowClient()
    for name in METRICS:
        logged = [(x.step, x.value) for x in client.get_metric_history(run.info.run_id, name)]
        assert logged == [(epoch, row[name]) for epoch, row in enumerate(classifier.bundle_.history)]
    assert client.get_run(run.info.run_id).data.params["filters"] == "8"
    folder = client.download_artifacts(run.info.run_id, "bundle", dst_path=tmp_path)
    np.testing.assert_allclose(load(folder).predict_proba(["a"]), classifier.predict_proba(["a"]), atol=1e-6)


def test_whoever_reads_the_data_of_fit_comes_to_an_end(halves, monkeypatch):
    counts, keras_fit = [], keras.Model.fit

    def fit_and_read(model, x, *, validation_data, **options):
        counts.append([sum(1 for _ in itertools.islice(data, 1000)) for data in (x, validation_data)])
        return keras_fit(model, x, validation_data=validation_data, **options)

    monkeypatch.setattr(keras.Model, "fit", fit_and_read)
    classifier = fit(halves, epochs=2)
    assert counts == [[2 * 19, 5]], "batches of two epochs, and one validation"
    assert len(classifier.bundle_.history) == 2


@pytest.mark.full
def test_mlflow_logs_by_itself(halves, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    import mlflow
    import mlflow.tensorflow

    mlflow.tensorflow.autolog(log_models=False)
    try:
        with mlflow.start_run() as run:
            classifier = fit(halves)
    finally:
        mlflow.tensorflow.autolog(disable=True)
    metrics = mlflow.MlflowClient().get_run(run.info.run_id).data.metrics
    assert metrics["val_accuracy"] == classifier.bundle_.history[-1]["val_accuracy"]


@pytest.mark.full
def test_weights_and_biases_log_metrics_and_learning_rate(halves, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    wandb = pytest.importorskip("wandb")  # 62 MB, so it is not in the extra test
    from wandb.integration.keras import WandbMetricsLogger

    with wandb.init(project="reviews", dir=tmp_path) as run:
        classifier = fit(halves, WandbMetricsLogger())
        summary = dict(run.summary)
    last = classifier.bundle_.history[-1]
    assert {name: summary[f"epoch/{name}"] for name in METRICS} == pytest.approx({name: last[name] for name in METRICS})
    assert summary["epoch/epoch"] == 2 and "epoch/learning_rate" in summary


def test_callbacks_are_no_part_of_the_classifier(halves):
    classifier = fit(halves, Recorder(), epochs=1)
    again = pickle.loads(pickle.dumps(classifier))  # a Recorder cannot be pickled
    assert clone(classifier).get_params() == classifier.get_params() == again.get_params()
