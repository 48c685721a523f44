"""SavedModels for TensorFlow Serving: tested with its loader, its API and its command-line tool."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import classification_pb2, predict_pb2, prediction_service_pb2_grpc

from kerascnn.export import saved_model
from kerascnn.golden import PROBES
from kerascnn.runtimes.file_hashes import write_file_hashes
from kerascnn.utils.errors import InputError

NAMES = ("news", "reviews")
every_bundle = pytest.mark.parametrize("name", NAMES)
ODD = [b"", b" ", b"\xff\xfe\x00", b"\xed\xa0\x80 lone surrogate", b"a" * 10_000, "好".encode() * 5000]


@pytest.fixture(scope="module")
def exports(classifiers, folders, tmp_path_factory):
    """Copies of the bundles with a SavedModel in each."""
    place = tmp_path_factory.mktemp("exports")
    for name, classifier in classifiers.items():
        saved_model.export(classifier.bundle_, shutil.copytree(folders[name], place / name))
    return place


@pytest.fixture(scope="module")
def service(exports):
    """Client of TensorFlow Serving's API, connected to a server in another process."""
    command = [
        sys.executable,
        Path(__file__).with_name("server.py"),
        *(f"{n}={exports / n / 'serving'}" for n in NAMES),
    ]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    port = server.stdout.readline().strip()
    assert port, "the server could not load the models"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield prediction_service_pb2_grpc.PredictionServiceStub(channel)
    server.communicate()


def predict(service, name, signature="serving_default", **inputs):
    """Call Predict over gRPC; return the outputs as arrays."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = name, signature
    for key, value in inputs.items():
        request.inputs[key].CopyFrom(tf.make_tensor_proto(value))
    return {key: tf.make_ndarray(value) for key, value in service.Predict(request, timeout=60).outputs.items()}


@every_bundle
def test_text_gets_golden_probabilities_and_labels(name, service, exports, classifiers):
    golden = json.loads((exports / name / "golden.json").read_text(encoding="utf-8"))
    answer = predict(service, name, text=golden["texts"])
    np.testing.assert_allclose(answer["probabilities"], golden["probabilities"], atol=1e-5)
    labels = classifiers[name].bundle_.labels
    assert [[cell.decode() for cell in row] for row in answer["classes"]] == [labels] * len(golden["texts"])
    best = [labels[row.argmax()] for row in answer["probabilities"]]
    assert [label.decode() for label in answer["label"]] == best


@every_bundle
def test_ids_and_text_give_the_same_outputs(name, service, classifiers):
    ids = classifiers[name].bundle_.vectorizer(PROBES[:12]).numpy()
    by_ids, by_text = predict(service, name, "ids", ids=ids), predict(service, name, text=list(PROBES[:12]))
    np.testing.assert_allclose(by_ids["probabilities"], by_text["probabilities"], atol=1e-6)
    assert by_ids["label"].tolist() == by_text["label"].tolist()


@every_bundle
def test_classify_accepts_tf_examples(name, service, classifiers):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name, request.model_spec.signature_name = name, "examples"
    for text in (PROBES[3], PROBES[9]):
        feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[text.encode()]))
        request.input.example_list.examples.add().features.feature["text"].CopyFrom(feature)
    classifications = service.Classify(request, timeout=60).result.classifications
    expected = classifiers[name].predict_proba([PROBES[3], PROBES[9]])
    for row, probabilities in zip(classifications, expected, strict=True):
        assert [cell.label for cell in row.classes] == classifiers[name].bundle_.labels
        np.testing.assert_allclose([cell.score for cell in row.classes], probabilities, atol=1e-5)


@every_bundle
def test_top_k_is_sorted_and_clips_k(name, service, classifiers):
    texts, labels = list(PROBES[3:12]), classifiers[name].bundle_.labels
    for k in (1, 2, 1000):
        answer = predict(service, name, "top_k", text=texts, k=np.int32(k))
        expected = classifiers[name].predict_top_k(texts, k)
        assert [[cell.decode() for cell in row] for row in answer["labels"]] == [[a for a, _ in r] for r in expected]
        np.testing.assert_allclose(answer["scores"], [[p for _, p in row] for row in expected], atol=1e-5)
        assert answer["scores"].shape[1] == min(k, len(labels))


@every_bundle
@pytest.mark.parametrize("size", [0, 1, 3, 300])
def test_accepts_any_number_of_texts_and_invalid_utf8(name, size, service):
    answer = predict(service, name, text=np.array((ODD * 50)[:size], object))
    assert answer["probabilities"].shape[0] == answer["label"].shape[0] == size
    assert np.isfinite(answer["probabilities"]).all()


def test_probabilities_do_not_depend_on_the_batch(service):
    together = predict(service, "news", text=list(PROBES))["probabilities"]
    single = [predict(service, "news", text=[text])["probabilities"][0] for text in PROBES]
    np.testing.assert_allclose(together, single, atol=1e-6)


def test_request_of_the_documentation_works(service):
    page = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text(encoding="utf-8")
    section = page.partition("\n## TensorFlow Serving\n")[2].partition("\n## ")[0]
    [body] = re.findall(r"curl .*?-d '(.*?)'", section, re.DOTALL)
    texts = json.loads(body)["instances"]
    # with a single input, an instance is the value itself
    assert len(predict(service, "news", text=texts)["label"]) == len(texts) > 0


def test_saved_model_cli_runs_it(exports, classifiers):
    version = exports / "news" / "serving" / "1"
    finished = subprocess.run(
        [
            Path(sys.executable).with_name("saved_model_cli"), "run", "--dir", version, "--tag_set", "serve",
            "--signature_def", "serving_default", "--input_exprs", f"text=[{PROBES[6]!r}]",
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    [label] = classifiers["news"].predict([PROBES[6]])
    assert f"[b'{label}']" in finished.stdout


def test_needs_no_operation_of_tensorflow_text(exports):
    for name in NAMES:
        graph = (exports / name / "serving" / "1" / "saved_model.pb").read_bytes()
        assert not re.search(rb"NormalizeUTF8|CaseFoldUTF8", graph)


@every_bundle
def test_folder_has_no_training_text(name, exports, texts):
    for path in (exports / name / "serving").rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not any(text.encode() in content for text in texts[name] if len(text) > 10), path


def test_new_export_is_the_next_version_and_atomic(exports, classifiers, tmp_path, monkeypatch):
    folder = shutil.copytree(exports / "news", tmp_path / "news")
    (folder / "serving" / "9").mkdir()
    assert saved_model.export(classifiers["news"].bundle_, folder).name == "10"
    monkeypatch.setattr(saved_model, "write_warmup_requests", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        saved_model.export(classifiers["news"].bundle_, folder)
    assert sorted(path.name for path in (folder / "serving").iterdir()) == ["1", "10", "9"]


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:1000]), Path.unlink])
def test_rejects_damaged_saved_model_in_one_line(damage, exports, tmp_path):
    version = shutil.copytree(exports / "news" / "serving" / "1", tmp_path / "1")
    damage(version / "saved_model.pb")
    with pytest.raises(InputError, match=r"saved_model.pb: (changed|missing).*export it again") as error:
        saved_model.load_predict_fn(version)
    assert "\n" not in str(error.value)
    (version / saved_model.HASHES).unlink()
    write_file_hashes(version, version / saved_model.HASHES)
    with pytest.raises(InputError, match=r"not a complete SavedModel.*export it again") as error:
        saved_model.load_predict_fn(version)
    assert "\n" not in str(error.value)


def test_export_without_serving_api_says_how_to_get_warmup_requests(classifiers, tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    for name in [name for name in sys.modules if name.startswith("tensorflow_serving.")]:
        monkeypatch.setitem(sys.modules, name, None)
    version = saved_model.export(classifiers["news"].bundle_, tmp_path)
    [line] = [line for line in capfd.readouterr().err.splitlines() if "warm-up" in line]
    assert 'pip install "kerascnn[serving]"' in line
    assert [path.name for path in (version / "assets.extra").iterdir()] == ["files.json"]
    np.testing.assert_allclose(
        saved_model.load_predict_fn(version)(PROBES), classifiers["news"].predict_proba(PROBES), atol=1e-5
    )


def test_warmup_requests_have_no_training_text_and_two_batch_sizes(exports):
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    path = exports / "news" / "serving" / "1" / "assets.extra" / "tf_serving_warmup_requests"
    records = [PredictionLog.FromString(record) for record in tf.compat.v1.io.tf_record_iterator(str(path))]
    requests = [record.predict_log.request for record in records]
    assert [request.model_spec.name for request in requests] == ["news", "news"]
    batches = [tf.make_ndarray(request.inputs["text"]) for request in requests]
    assert [len(batch) for batch in batches] == [1, 16]
    assert {text.decode() for batch in batches for text in batch} <= set(PROBES)
