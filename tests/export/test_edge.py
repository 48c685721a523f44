"""The edge folder: TFLite files, and the program that runs them without TensorFlow."""

import dataclasses
import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.edge import EdgeClassifier
from kerascnn.export import tflite, tflite_conversion
from kerascnn.export.code_points import CodePointEncoder
from kerascnn.golden import PROBES
from kerascnn.text.vectorizer import Vectorizer
from kerascnn.utils.errors import InputError
from tests.sealing import edit_golden, edit_sealed

NAMES = ("news", "reviews")
every_bundle = pytest.mark.parametrize("name", NAMES)
FILES = {"none": "model_float32", "float16": "model_float16", "dynamic": "model_dynamic", "int8": "model_int8"}


@pytest.fixture(scope="module")
def exports(classifiers, folders, texts, tmp_path_factory):
    """Copies of the bundles with TFLite files of all precisions."""
    place = tmp_path_factory.mktemp("exports")
    for name, classifier in classifiers.items():
        folder = shutil.copytree(folders[name], place / name)
        tflite.export(classifier.bundle_, folder, quantize=list(FILES), texts=texts[name][:100])
    return place


@pytest.fixture
def edge(exports, tmp_path):
    """A copy of an edge folder, which a test may change."""
    return shutil.copytree(exports / "news" / "edge", tmp_path / "edge")


@every_bundle
@pytest.mark.parametrize(("precision", "tolerance"), [("none", 1e-5), ("float16", 1e-3)])
def test_golden_texts_get_golden_probabilities(name, precision, tolerance, exports):
    golden = json.loads((exports / name / "golden.json").read_text(encoding="utf-8"))
    classifier = EdgeClassifier(exports / name / "edge" / f"{FILES[precision]}.tflite")
    np.testing.assert_allclose(classifier.predict_proba(golden["texts"]), golden["probabilities"], atol=tolerance)


@every_bundle
@pytest.mark.parametrize("precision", ["dynamic", "int8"])
def test_eight_bit_files_agree_on_nearly_all_texts(name, precision, exports, classifiers, texts):
    predictions = EdgeClassifier(exports / name / "edge" / f"{FILES[precision]}.tflite").predict(texts[name])
    agreement = np.mean([label for label, _ in predictions] == classifiers[name].predict(texts[name]))
    assert agreement >= 0.97


def test_int8_is_accurate_on_texts_shorter_than_the_calibration_texts(exports, classifiers, texts):
    short_texts = [" ".join(text.split()[:6]) for text in texts["news"]]
    probabilities = EdgeClassifier(exports / "news" / "edge" / f"{FILES['int8']}.tflite").predict_proba(short_texts)
    np.testing.assert_allclose(probabilities, classifiers["news"].predict_proba(short_texts), atol=0.05)


def test_lower_precision_gives_a_smaller_file(exports):
    sizes = [(exports / "news" / "edge" / f"{FILES[p]}.tflite").stat().st_size for p in ("dynamic", "float16", "none")]
    assert sizes[0] < 0.6 * sizes[1] < 0.4 * sizes[2]


def test_predict_returns_a_label_and_its_probability(exports, classifiers):
    predictions = EdgeClassifier(exports / "news" / "edge").predict(list(PROBES))
    expected = classifiers["news"].predict_top_k(PROBES, 1)
    assert [label for label, _ in predictions] == [label for [(label, _)] in expected]
    np.testing.assert_allclose([p for _, p in predictions], [p for [(_, p)] in expected], atol=1e-5)
    assert EdgeClassifier(exports / "news" / "edge").predict([]) == []


@every_bundle
def test_check_passes_for_every_file(name, exports):
    golden = json.loads((exports / name / "edge" / "golden.json").read_text(encoding="utf-8"))
    assert set(golden["probabilities"]) == {f"{file}.tflite" for file in FILES.values()}
    for file in golden["probabilities"]:
        assert EdgeClassifier(exports / name / "edge" / file).check() < 1e-5


def test_check_names_a_text_that_is_encoded_differently(edge):
    inputs = json.loads((edge / "golden.json").read_text(encoding="utf-8"))["inputs"]
    edit_golden(edge, "edge.json", inputs=[*inputs[:3], inputs[3][::-1], *inputs[4:]])
    with pytest.raises(ValueError, match=r"'The plot is thin.*encoded differently"):
        EdgeClassifier(edge).check()


def test_copied_program_runs_without_tensorflow_and_kerascnn(exports, classifiers, tmp_path):
    shutil.copytree(exports / "reviews" / "edge", tmp_path / "edge")
    script = (
        "import json, sys\n"
        "sys.path.insert(0, 'edge')\n"
        "for name in ('kerascnn', 'tensorflow', 'keras'): sys.modules[name] = None\n"
        "from edge import EdgeClassifier\n"
        "print(json.dumps(EdgeClassifier('edge').predict(json.load(sys.stdin))))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, input=json.dumps(PROBES), capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    assert [label for label, _ in json.loads(finished.stdout)] == classifiers["reviews"].predict(PROBES).tolist()
    command = [sys.executable, "edge/edge.py", "质量很好", "太差了"]
    printed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    assert [line.split()[1] in ("pos", "neg") for line in printed.stdout.splitlines()] == [True, True]


@pytest.mark.full
def test_program_checks_itself_in_an_environment_without_tensorflow(exports, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "environment"], check=True)
    python = tmp_path / "environment" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "ai-edge-litert", "numpy"], check=True)
    for name in NAMES:
        program = exports / name / "edge" / "edge.py"
        finished = subprocess.run([python, program, "--check"], cwd=tmp_path, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
        differences = [float(line.split()[-1]) for line in finished.stdout.splitlines()]
        assert len(differences) == len(FILES) and max(differences) < 1e-4
    assert subprocess.run([python, "-c", "import tensorflow"], capture_output=True).returncode == 1


class TestCodePoints:
    """The input of a character model is the code points of the raw text."""

    def predict_raw(self, exports, text):
        classifier = EdgeClassifier(exports / "reviews" / "edge" / "model_float32.tflite")
        return classifier.run([ord(character) for character in text][:96])

    def test_folder_has_no_vocabulary(self, exports):
        assert not (exports / "reviews" / "edge" / "vocabulary.txt").exists()

    @pytest.mark.parametrize(
        "text",
        [
            "质量很好，客服态度也很好！",
            "ＡＢＣ１２３　全角文字",
            "  two   spaces \u3000 and\ttabs\n",
            "ÀÉÎ Straße ÇA VA",
            "soft\u00adhyphen \u200bzero\u200b width\ufeff",
            "Το τελοσ!",
            "👍🏽 great 👨\u200d👩\u200d👧 family 🇩🇪",
            "配送\x01很\x7f快\u0085了",
            "",
            "   ",
            "a sentence that fills the length and continues after it, so that the model cuts it at the space here",
            "i\u0307",
            "\U0001f600\U0010ffff\ue000",
        ],
    )
    def test_model_normalizes_case_width_and_spaces(self, text, exports, classifiers):
        np.testing.assert_allclose(
            self.predict_raw(exports, text), classifiers["reviews"].predict_proba([text])[0], atol=1e-5
        )

    def test_reviews_in_upper_case_get_the_predictions_of_the_bundle(self, exports, classifiers, texts):
        reviews = [text[:90] for text in texts["reviews"][::10] if "<" not in text and "&" not in text]
        probabilities = [self.predict_raw(exports, text.upper()) for text in reviews]
        np.testing.assert_allclose(probabilities, classifiers["reviews"].predict_proba(reviews), atol=1e-5)

    def test_every_code_point_has_its_id_of_the_vectorizer(self, classifiers):
        vectorizer = classifiers["reviews"].bundle_.vectorizer
        length = vectorizer.settings.max_length
        codes = [code for code in range(1, 0x2FA20) if not 0xD800 <= code < 0xE000]
        size = length // 2 - 1
        parts = [codes[start : start + size] for start in range(0, len(codes), size)]
        texts = ["a" + "b".join(map(chr, part)) + "c" for part in parts]
        table = CodePointEncoder(vectorizer)
        convert = tf.function(table, input_signature=[tf.TensorSpec([1, length], tf.int32)])
        wrong = []
        for text, expected in zip(texts, vectorizer(texts).numpy(), strict=True):
            ids = convert(tflite_conversion.pad_input([ord(character) for character in text], length)).numpy()[0]
            if ids[ids != 0].tolist() != expected[expected != 0].tolist():
                wrong.append(text)
        assert len(wrong) == 1 and "İ" in wrong[0], "it has two characters in lower case"

    @pytest.mark.parametrize("setting", [{"normalize": "nfkc"}, {"stop_words": "stop.txt"}])
    def test_rejects_settings_that_the_table_cannot_express(self, setting, classifiers):
        bundle = classifiers["reviews"].bundle_
        settings = dataclasses.replace(bundle.vectorizer.settings, **setting)
        vectorizer = Vectorizer(settings, bundle.vectorizer.vocabulary, stop_words=["的"])
        [name] = setting
        with pytest.raises(InputError, match=f"text.{name} .*cannot express this setting"):
            tflite_conversion.convert(dataclasses.replace(bundle, vectorizer=vectorizer))


@every_bundle
def test_folder_has_no_training_text(name, exports, texts):
    for path in (exports / name / "edge").iterdir():
        content = path.read_bytes()
        assert not any(text.encode() in content for text in texts[name] if len(text) > 10), path.name


def test_rejects_int8_without_texts(classifiers):
    with pytest.raises(InputError, match="calibrated on training texts"):
        tflite_conversion.convert(classifiers["news"].bundle_, quantize=["int8"])


def test_names_an_operation_that_tflite_does_not_have(classifiers):
    bundle = classifiers["news"].bundle_
    ids = keras.Input((None,), dtype="int32")
    words = keras.layers.Embedding(len(bundle.vectorizer.vocabulary), 5)(ids)
    root = keras.ops.cholesky(keras.ops.matmul(keras.ops.transpose(words, (0, 2, 1)), words) + keras.ops.eye(5))
    model = keras.Model(ids, keras.layers.Dense(5)(keras.ops.sum(root, axis=1)))
    with pytest.raises(InputError, match=r"TFLite has no operation for tf\.Cholesky"):
        tflite_conversion.convert(dataclasses.replace(bundle, model=model))


def test_failed_export_keeps_the_old_folder(exports, classifiers, tmp_path, monkeypatch):
    folder = shutil.copytree(exports / "news", tmp_path / "news")
    before = {path.name: path.read_bytes() for path in (folder / "edge").iterdir()}
    monkeypatch.setattr(tflite, "write_program", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        tflite.export(classifiers["news"].bundle_, folder, quantize=["none"])
    assert {path.name: path.read_bytes() for path in (folder / "edge").iterdir()} == before


@pytest.mark.parametrize("size", [0, 10])
@pytest.mark.parametrize("file", ["model_float32.tflite", "vocabulary.txt", "labels.txt"])
def test_reports_truncated_file_in_one_line(size, file, edge):
    (edge / file).write_bytes((edge / file).read_bytes()[:size])
    with pytest.raises(ValueError, match=rf"{file}: changed or damaged") as error:
        EdgeClassifier(edge)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", ["edge.json", "vocabulary.txt", "labels.txt"])
def test_names_changed_line_endings(file, edge):
    content = (edge / file).read_bytes()
    assert b"\r" not in content and b"\n" in content
    (edge / file).write_bytes(content.replace(b"\n", b"\r\n"))
    with pytest.raises(ValueError, match=rf"{file}: line endings changed .* '\* -text'"):
        EdgeClassifier(edge)


def test_rejects_tflite_file_that_is_not_in_edge_json(edge):
    (edge / "other.tflite").write_bytes((edge / "model_float32.tflite").read_bytes())
    with pytest.raises(ValueError, match=r"other\.tflite: not one of the files in edge\.json"):
        EdgeClassifier(edge / "other.tflite")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        ("{}", "schema version None"),
        ('{"schema_version": 3}', "schema version 3"),
        ('{"schema_version": 1, "task": "single_label"}', "changed or damaged"),
    ],
)
def test_rejects_damaged_or_newer_edge_json(content, message, edge):
    (edge / "edge.json").write_text(content)
    with pytest.raises(ValueError, match=rf"edge\.json: {message}"):
        EdgeClassifier(edge)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "other"}, "task 'other' is not supported"),
        ({"task": "multi_label"}, "0 thresholds for 5 labels"),
        ({"task": "multi_label", "thresholds": [0.5] * 4}, "4 thresholds for 5 labels"),
        ({"task": "multi_label", "thresholds": [0.5] * 4 + [float("nan")]}, "are not numbers from 0 to 1"),
        ({"max_length": "64"}, "max_length '64' is not a int"),
        ({"max_length": 63}, "has the shapes"),
        ({"rules": None}, "rules None is not a list"),
    ],
)
def test_rejects_wrong_values_of_edge_json(change, message, edge):
    edit_sealed(edge / "edge.json", **change)
    with pytest.raises(ValueError, match=message):
        EdgeClassifier(edge)


def test_check_names_a_text_with_other_labels(edge):
    labels = json.loads((edge / "golden.json").read_text(encoding="utf-8"))["labels"]
    for names in labels.values():
        names[3] = ["other"]
    edit_golden(edge, "edge.json", labels=labels)
    with pytest.raises(ValueError, match=r"'The plot is thin.*has other labels"):
        EdgeClassifier(edge).check()


def test_rejects_folder_without_edge_json(tmp_path):
    with pytest.raises(ValueError, match=r"edge\.json: cannot be read.*the folder that export wrote"):
        EdgeClassifier(tmp_path)


def test_export_hides_messages_of_native_code(classifiers, tmp_path, capfd):
    tflite.export(classifiers["news"].bundle_, tmp_path, quantize=["dynamic"])
    assert capfd.readouterr().err == ""
