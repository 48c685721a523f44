"""Every file of every artefact under damage, and every artefact in threads and after forks."""

import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from kerascnn import TextClassifier, load
from kerascnn.bundle import Bundle
from kerascnn.edge import EdgeClassifier
from kerascnn.export import onnx, saved_model, tflite, web
from kerascnn.golden import PROBES
from kerascnn.training.checkpoint import Checkpoint
from kerascnn.utils.errors import InputError

SETTINGS = {"model": "bow", "ngrams": (1,), "epochs": 1, "max_length": 32, "ngram_buckets": 512, "refit_rows": 0}
EXPORTS = {"edge": partial(tflite.export, quantize=["none"]), "serving": saved_model.export, "onnx": onnx.export}
KINDS = ("bundle", *EXPORTS)
DAMAGES = ("empty", "half", "one byte less", "one byte more", "bit", "deleted", "folder", "exchanged", "of another")
FEW_DAMAGES = DAMAGES[1::2]
FLIPS = 20
"""Bits of each file that are flipped, in the long run of the test."""


@pytest.fixture(scope="module")
def bundles(briefs, tmp_path_factory):
    """Two bundles of different classifiers: the artefacts of one, and files to put into them."""
    place = tmp_path_factory.mktemp("artifacts")
    for seed, name in enumerate(("one", "other")):
        TextClassifier(seed=seed, **SETTINGS).fit(*briefs).save(place / name)
    return place


def export_once(folder: Path, kind: str) -> None:
    """Export a bundle, unless a test before has done it."""
    if kind in EXPORTS and not (folder / kind).exists():
        EXPORTS[kind](load(folder).bundle_, folder)


@dataclass(frozen=True)
class Artifact:
    """A folder of an artefact and what it answers."""

    kind: str
    folder: Path
    other: Path
    """The same of another classifier."""
    bundle: Bundle | None
    """The bundle that an ONNX file is an export of."""

    def answer(self) -> list[Any]:
        """Load the artefact and return its answers."""
        if self.kind == "bundle":
            return load(self.folder).predict(list(PROBES))
        if self.kind == "edge":
            classifier = EdgeClassifier(self.folder)
            classifier.check()
            return [[label for label, _ in labels] for labels in classifier.predict(list(PROBES))]
        if self.kind == "serving":
            return saved_model.load_predict_fn(self.folder)(list(PROBES)).round(4).tolist()
        return onnx.load_predict_fn(self.folder / "model.onnx", self.bundle)(list(PROBES)).round(4).tolist()

    @property
    def files(self) -> list[str]:
        """Names of all files."""
        return sorted(path.relative_to(self.other).as_posix() for path in self.other.rglob("*") if path.is_file())


@pytest.fixture
def copy(bundles, tmp_path):
    """Function that copies an artefact of a kind, the files of the bundle without those of exports."""

    def make(kind: str) -> Artifact:
        inside = {"bundle": "", "edge": "edge", "serving": "serving/1", "onnx": "onnx"}[kind]
        names = {"edge", "serving", "onnx"} if kind == "bundle" else set()
        for name in ("one", "other"):
            export_once(bundles / name, kind)
            ignore = shutil.ignore_patterns(*names, "__pycache__")
            shutil.copytree(bundles / name / inside, tmp_path / kind / name / (inside or "bundle"), ignore=ignore)
        folders = (tmp_path / kind / name / (inside or "bundle") for name in ("one", "other"))
        return Artifact(kind, *folders, load(bundles / "one").bundle_ if kind == "onnx" else None)

    return make


def damage_file(artifact: Artifact, name: str, damage: str, draw: random.Random) -> None:
    path, content = artifact.folder / name, (artifact.folder / name).read_bytes()
    if damage in ("deleted", "folder"):
        path.unlink()
        if damage == "folder":
            path.mkdir()
    elif damage == "exchanged":
        path.write_bytes(
            (artifact.folder / draw.choice([x for x in artifact.files if x != name] or [name])).read_bytes()
        )
    elif damage == "of another":
        path.write_bytes((artifact.other / name).read_bytes())
    elif damage == "bit":
        changed = bytearray(content or b"\0")
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        path.write_bytes(changed)
    else:
        sizes = {"empty": 0, "half": len(content) // 2, "one byte less": max(0, len(content) - 1)}
        path.write_bytes(content + b"\0" if damage == "one byte more" else content[: sizes[damage]])


def check_damage(artifact: Artifact, name: str, damage: str, draw: random.Random, expected: list[Any]) -> None:
    """Allow two outcomes: the same answers, or one line that names what is wrong."""
    before = (artifact.folder / name).read_bytes()
    damage_file(artifact, name, damage, draw)
    try:
        answers = artifact.answer()
    except ValueError as error:
        assert isinstance(error, InputError) or artifact.kind == "edge", repr(error)
        assert "\n" not in str(error) and str(artifact.folder) in str(error), f"{name}, {damage}: {error}"
    else:
        assert answers == expected, f"{name}, {damage}"
    path = artifact.folder / name
    if path.is_dir():
        path.rmdir()
    path.write_bytes(before)


@pytest.mark.parametrize("kind", ["bundle", "edge"])
def test_damaged_file_is_named_or_changes_no_answer(kind, copy):
    artifact, draw = copy(kind), random.Random(0)
    expected = artifact.answer()
    programs_and_pages = (".py", ".md", ".html", ".png")  # not read, so that loading takes long
    for name in artifact.files:
        damages = FEW_DAMAGES if not name.endswith(programs_and_pages) else ()
        for damage in damages:
            check_damage(artifact, name, damage, draw, expected)
    assert artifact.answer() == expected


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_many_damages_of_every_file(kind, copy):
    artifact, draw = copy(kind), random.Random(1)
    expected = artifact.answer()
    for name in artifact.files:
        is_read = not name.endswith((".md", ".html", ".png"))
        for damage in (*DAMAGES, *(["bit"] * FLIPS if is_read else [])):
            check_damage(artifact, name, damage, draw, expected)


def test_copied_program_names_its_damaged_files(copy):
    folder = copy("edge").folder
    command = [sys.executable, folder / "edge.py", "--check"]
    for name in ("python_tokenizer.py", "edge_files.py", "edge.json", "labels.txt", "golden.json"):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content.replace(b"0", b"1", 1) if b"0" in content else content[:-1])
        finished = subprocess.run(command, capture_output=True, text=True)
        assert finished.returncode == 1 and finished.stdout == ""
        line = finished.stderr.splitlines()[-1]
        assert line.startswith("error: ") and "damaged" in line and "Traceback" not in finished.stderr
        (folder / name).write_bytes(content)
    assert subprocess.run(command, capture_output=True, text=True).returncode == 0


def test_a_model_that_predicts_nan_is_not_exported(bundles, tmp_path):
    bundle = load(bundles / "one").bundle_
    bundle.model.set_weights([np.full_like(weight, np.nan) for weight in bundle.model.get_weights()])
    for export in (tflite, saved_model, onnx, web):
        with pytest.raises(InputError, match=r"the model predicts NaN for the text '.*'; train it again"):
            export.export(bundle, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def train(model, checkpoint):
    ids = np.arange(24, dtype="int32").reshape(8, 3)
    model.fit(ids, ids[:, 0] % 2, epochs=1, verbose=0, callbacks=[checkpoint])
    return [variable.numpy() for variable in model.variables]


def make_run(folder, *, units=2, settings="a"):
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,), dtype="int32"), keras.layers.Embedding(24, 4), keras.layers.Flatten()]
    model = keras.Sequential([*layers, keras.layers.Dense(units)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.build(model.trainable_variables)
    checkpoint = Checkpoint(
        monitor="accuracy", num_documents=8, patience=9, folder=folder, fingerprint={"settings": settings}
    )
    checkpoint.set_model(model)
    return model, checkpoint


@pytest.mark.parametrize("flips", [60, pytest.param(2000, marks=pytest.mark.full)])
def test_damaged_state_is_named_or_restores_the_same_weights(flips, tmp_path):
    expected = train(*make_run(tmp_path / "a"))
    for name, options in {"units": {"units": 3}, "settings": {"settings": "b"}}.items():
        train(*make_run(tmp_path / name, **options))
    path = tmp_path / "a" / "state.npz"
    state, draw, damaged = path.read_bytes(), random.Random(0), []
    for size in (0, 1, len(state) // 2, len(state) - 1):
        damaged.append(state[:size])
    damaged += [(tmp_path / name / "state.npz").read_bytes() for name in ("units", "settings")]
    for _ in range(flips):
        changed = bytearray(state)
        changed[draw.randrange(len(state))] ^= 1 << draw.randrange(8)
        damaged.append(bytes(changed))
    model, checkpoint = make_run(tmp_path / "a")
    fresh = model.get_weights()
    for content in damaged:
        path.write_bytes(content)
        model.set_weights(fresh)
        try:
            checkpoint.restore()
        except InputError as error:
            assert "\n" not in str(error) and "state.npz: " in str(error)
            for before, after in zip(fresh, model.get_weights(), strict=True):
                np.testing.assert_array_equal(before, after)
        else:
            for variable, value in zip(model.variables, expected, strict=True):
                np.testing.assert_array_equal(variable.numpy(), value)


PROGRAM = """
import collections, json, multiprocessing, os, pickle, queue, random, sys, threading

def answer_in_threads(predict, texts, expected, calls):
    outcomes = collections.Counter()

    def work(seed):
        draw = random.Random(seed)
        for _ in range(calls):
            index = draw.randrange(len(texts))
            try:
                outcomes["right" if predict(texts[index]) == expected[index] else "wrong"] += 1
            except Exception as error:
                outcomes[repr(error)] += 1

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(outcomes)

def answer_in_child(predict, text):
    context = multiprocessing.get_context("fork")
    results = context.Queue()

    def work():
        try:
            results.put(predict(text))
        except ValueError as error:
            results.put(str(error))

    child = context.Process(target=work, daemon=True)
    child.start()
    try:
        return results.get(timeout=60)
    except queue.Empty:
        return "hangs"
    finally:
        child.kill()

folder, is_long, texts = sys.argv[1], sys.argv[2] == "many", json.load(sys.stdin)
from kerascnn.edge import EdgeClassifier
found = {}
for threads in (1, 2) if is_long else (2,):
    edge = EdgeClassifier(folder + "/edge", num_threads=threads)
    predict = lambda text: edge.predict([text])
    expected = [predict(text) for text in texts]
    found[f"edge {threads}"] = answer_in_threads(predict, texts, expected, 100 if is_long else 20)
    found[f"edge {threads} fork"] = answer_in_child(predict, texts[3]) == expected[3]
    again = pickle.loads(pickle.dumps(edge))
    found[f"edge {threads} pickle"] = again.predict(texts) == edge.predict(texts)
import kerascnn
from kerascnn.export import saved_model
classifier = kerascnn.load(folder)
expected = [classifier.predict([text]) for text in texts]
# functions that are not compiled yet
fresh = pickle.loads(pickle.dumps(classifier))
found["classifier"] = answer_in_threads(lambda text: fresh.predict([text]), texts, expected, 20 if is_long else 5)
predict = lambda text: fresh.predict([text])
found["children"] = [answer_in_child(predict, texts[0])]
if not is_long:
    print(json.dumps(found))
    sys.exit()
fresh = pickle.loads(pickle.dumps(classifier))
found["explain"] = answer_in_threads(
    lambda text: fresh.explain(text).label, texts, [classifier.explain(text).label for text in texts], 4
)
serving = saved_model.load_predict_fn(saved_model.latest_version(__import__("pathlib").Path(folder, "serving")))
run = lambda text: serving([text]).round(3).tolist()
found["serving"] = answer_in_threads(run, texts, [run(text) for text in texts], 20)
found["children"] += [
    answer_in_child(lambda text: fresh.explain(text).label, texts[0]),
    answer_in_child(lambda text: fresh.bundle_.vectorizer.encode([text]), texts[0]),
    answer_in_child(lambda text: kerascnn.load(folder).predict([text]), texts[0]),
    answer_in_child(lambda text: kerascnn.TextClassifier(model="bow").fit(texts * 4, ["a", "b"] * 16), texts[0]),
    answer_in_child(run, texts[0]),
]
print(json.dumps(found))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("tier", ["few", pytest.param("many", marks=pytest.mark.full)])
def test_threads_and_forked_processes(tier, bundles):
    for kind in ("edge", "serving") if tier == "many" else ("edge",):
        export_once(bundles / "one", kind)
    texts = [text for text in PROBES if text.strip()][:8]
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, bundles / "one", tier]
    finished = subprocess.run(command, input=json.dumps(texts), capture_output=True, encoding="utf-8", timeout=400)
    assert finished.returncode == 0, finished.stderr[-3000:]
    found = json.loads(finished.stdout.splitlines()[-1])
    for threads in (1, 2) if tier == "many" else (2,):
        assert found[f"edge {threads}"] == {"right": 800 if tier == "many" else 160}
        assert found[f"edge {threads} fork"] and found[f"edge {threads} pickle"]
    assert found["classifier"] == {"right": 160 if tier == "many" else 40}
    assert tier == "few" or (found["explain"], found["serving"]) == ({"right": 32}, {"right": 160})
    for answer in found["children"]:
        assert "load the classifier in each worker" in answer and "get_context('spawn')" in answer
