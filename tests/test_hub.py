"""Bundles on the Hugging Face Hub, against a local server with the part of its interface that is used."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import yaml
from huggingface_hub import constants

import kerascnn
from kerascnn import TextClassifier, loading
from kerascnn.evaluation.card_metadata import FOLDER_PLACEHOLDER
from kerascnn.evaluation.model_card import render_encoder_card
from kerascnn.export import tflite
from kerascnn.hub import download_bundle, push_bundle
from kerascnn.runtimes import runtime
from kerascnn.serving.config import name_bundles
from kerascnn.utils.errors import InputError
from pipelines import compare, plot, predict
from tests.hub_server import READER, WRITER, Repository, run_hub
from tests.sealing import edit_sealed

TEXTS = [
    "the price of the shares fell",
    "the match was won at home",
    "a bank cut its rates",
    "the team lost a goal",
] * 6
LABELS = [1, 2] * 12
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def classifier():
    return TextClassifier(model="bow", min_count=1, max_length=16, refit_rows=0).fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def bundle(classifier, tmp_path_factory):
    """Folder of a bundle with an export, files of the user, and a page with texts."""
    folder = tmp_path_factory.mktemp("bundles") / "news"
    classifier.save(folder)
    (folder / "edge").mkdir()
    (folder / "edge" / "edge.json").write_text("{}")
    (folder / "report.html").write_text("private texts")
    (folder / "notes.txt").write_text("private notes")
    (folder / ".env").write_text("SECRET=1")
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A server that the library talks to, with an empty cache and no token."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with run_hub() as server:
        for name, value in {
            "ENDPOINT": server.address, "HF_HUB_CACHE": str(tmp_path / "cache"), "HF_HUB_DISABLE_XET": True,
            "HF_TOKEN_PATH": str(tmp_path / "token"), "HF_HUB_OFFLINE": False,
            "HUGGINGFACE_CO_URL_TEMPLATE": server.address + "/{repo_id}/resolve/{revision}/{filename}",
        }.items():  # fmt: skip
            monkeypatch.setattr(constants, name, value)
        yield server


def test_classifier_comes_back_from_the_hub(hub, classifier):
    url = classifier.push_to_hub("alice/news", private=True, token=WRITER, license="apache-2.0", commit_message="First")
    assert url == f"{hub.address}/alice/news"
    assert hub.repositories["alice/news"].private and hub.repositories["alice/news"].messages == ["First"]
    loaded = TextClassifier.from_pretrained("alice/news", token=READER)
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS), atol=1e-6)
    assert loaded.predict(TEXTS).tolist() == classifier.predict(TEXTS).tolist() and loaded.classes_.tolist() == [1, 2]
    hub.repositories["alice/news"].private = False
    asked = len(hub.requests)
    assert kerascnn.load("hf://alice/news").predict(TEXTS).tolist() == classifier.predict(TEXTS).tolist()
    assert not [request for request in hub.requests[asked:] if "/resolve/" in request or "/blobs/" in request]  # cached


def test_card_has_the_metadata_of_the_hub(hub, bundle):
    metadata = {"license": "mit", "language": "en", "datasets": ["bbc"], "tags": "news"}
    push_bundle(bundle, "alice/news", token=WRITER, metadata=metadata)
    card = hub.files("alice/news")["README.md"].decode()
    assert 'kerascnn.load("hf://alice/news")' in card
    data = huggingface_hub.ModelCard(card).data
    assert (data.library_name, data.pipeline_tag, data.license) == ("kerascnn", "text-classification", "mit")
    assert data.language == ["en"] and data.datasets == ["bbc"] and {"kerascnn", "news"} <= set(data.tags)


def test_private_files_stay(hub, bundle):
    push_bundle(bundle, "alice/news", token=WRITER)
    names = set(hub.files("alice/news"))
    assert {"manifest.json", "model.keras", "labels.txt", "golden.json", "edge/edge.json"} <= names
    assert names.isdisjoint({"report.html", "notes.txt", ".env"})
    push_bundle(bundle, "alice/news", token=WRITER, with_report=True)
    assert hub.files("alice/news")["report.html"] == b"private texts"


def test_new_bundle_replaces_the_old_one_in_one_commit(hub, bundle, classifier, tmp_path):
    push_bundle(bundle, "alice/news", token=WRITER)
    hub.change("alice/news", **{"LICENSE": b"mine", "sentencepiece.model": b"old", "onnx/model.onnx": b"old"})
    classifier.push_to_hub("alice/news", token=WRITER)
    files = hub.files("alice/news")
    assert files["LICENSE"] == b"mine" and not {"sentencepiece.model", "onnx/model.onnx", "edge/edge.json"} & set(files)
    assert len(hub.repositories["alice/news"].messages) == 3
    shutil.copytree(bundle, tmp_path / "own")
    (tmp_path / "own" / "README.md").write_text("---\nlicense: mit\ntags: [a]\n---\n# My text\n")
    push_bundle(tmp_path / "own", "alice/news", token=WRITER, metadata={"tags": ["b"], "license": None})
    card = hub.files("alice/news")["README.md"].decode()
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert metadata == {"license": "mit", "tags": ["a", "b"], "language": ["en"]} and "# My text" in card


def test_what_people_added_to_the_repository_stays(hub, bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "own")
    for name in ("private.png", "sketch.pdf", "confusion_matrix.png"):
        (tmp_path / "own" / name).write_bytes(b"picture")
    push_bundle(tmp_path / "own", "alice/news", token=WRITER, metadata={"license": "mit", "tags": "news"})
    assert {name for name in hub.files("alice/news") if name.endswith((".png", ".pdf"))} == {"confusion_matrix.png"}
    card = (
        hub.files("alice/news")["README.md"]
        .decode()
        .replace("license: mit", "license: mit\nbase_model: x\nmetrics: [f1]")
    )
    changed = card.replace("- bow\n", "- word_cnn\n- mine\n").split("# bow")[0] + "# Words of Alice\n"
    for keep_card in (True, False):
        hub.change("alice/news", **{"README.md": changed.encode(), "logo.png": b"logo"})
        push_bundle(bundle, "alice/news", token=WRITER, keep_card=keep_card)
        files = hub.files("alice/news")
        assert files["logo.png"] == b"logo" and "confusion_matrix.png" not in files
        found = huggingface_hub.ModelCard(files["README.md"].decode())
        assert ("# Words of Alice" in found.text) == keep_card and ("## Training" in found.text) != keep_card
        data = found.data.to_dict()
        assert data["license"] == "mit" and data["base_model"] == "x" and "metrics" not in data
        assert {"bow", "news", "mine"} < set(data["tags"]) and "word_cnn" not in data["tags"]
    push_bundle(bundle, "alice/news", token=WRITER, metadata={"license": "apache-2.0"})
    assert huggingface_hub.ModelCard(hub.files("alice/news")["README.md"].decode()).data.license == "apache-2.0"


def test_no_repository_is_created_for_what_cannot_be_pushed(hub, bundle, classifier, tmp_path):
    shutil.copytree(bundle, tmp_path / "own")
    (tmp_path / "own" / "README.md").write_text("---\nlicense: [mit\n---\n# Text\n")
    with pytest.raises(InputError, match=r"README.md: the lines between --- are not YAML"):
        push_bundle(tmp_path / "own", "alice/news", token=WRITER)
    assert not hub.repositories and not hub.requests


def test_encoders_have_a_card_for_the_hub(classifier):
    metrics = {
        "validation": {"accuracy": 0.5, "tokens": 10, "perplexity": 2.0}, "epochs": 1, "seconds": 1.0,
        "documents_per_second": 1.0, "parameters": 9,
    }  # fmt: skip
    card = render_encoder_card(classifier.bundle_.config, {"train": {"rows": 1, "sources": ["a"]}}, metrics)
    data = huggingface_hub.ModelCard(card).data
    assert data.library_name == "kerascnn" and "kerascnn" in data.tags
    assert f'find_bundle("{FOLDER_PLACEHOLDER}")' in card and "PATH_OF" not in card


def test_revisions(hub, bundle, classifier):
    push_bundle(bundle, "alice/news", token=WRITER, revision="v1")
    assert set(hub.files("alice/news")) == {".gitattributes"}
    assert download_bundle("hf://alice/news@v1") == download_bundle("hf://alice/news", revision="v1")
    commit = hub.repositories["alice/news"].branches["v1"]
    assert download_bundle(f"hf://alice/news@{commit}").name == commit
    loaded = TextClassifier.from_pretrained("alice/news", revision="v1")
    assert loaded.predict(TEXTS).tolist() == classifier.predict(TEXTS).tolist()
    with pytest.raises(InputError, match=r"hf://alice/news@v2: cannot be downloaded .it has no such revision; give"):
        download_bundle("hf://alice/news@v2")
    with pytest.raises(InputError, match=r"hf://alice/news: not a bundle of kerascnn .it has no manifest.json"):
        download_bundle("hf://alice/news")
    with pytest.raises(InputError, match=r"has another revision than 'v2'"):
        download_bundle("hf://alice/news@v1", revision="v2")


def list_files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_downloads_what_loading_reads(hub, bundle):
    push_bundle(bundle, "alice/news", token=WRITER)
    foreign = ("edge/edge.py", "edge/large.bin", "edge/a/labels.txt", "onnx/model.onnx.data", "web/index.html", "x.py")
    exports = ("edge/model_float32.tflite", "edge/labels.txt", "onnx/model.onnx", "onnx/files.json")
    hub.change("alice/news", **dict.fromkeys((*foreign, *exports), b"x"))
    loaded = list_files(download_bundle("hf://alice/news"))
    assert "model.keras" in loaded and not {name for name in loaded if "/" in name} and "README.md" not in loaded
    found = list_files(download_bundle("hf://alice/news", runtime="tflite")) - loaded
    assert found == {"edge/edge.json", "edge/model_float32.tflite", "edge/labels.txt"}
    found = list_files(download_bundle("hf://alice/news", runtime="onnx")) - loaded
    assert {"onnx/model.onnx", "onnx/files.json"} <= found and not found & set(foreign)


def test_exports_of_strangers_answer_only_where_they_are_asked_for(hub, bundle, classifier, capsys):
    push_bundle(bundle, "alice/news", token=WRITER)
    hub.change("alice/news", **dict.fromkeys(("edge/model_float32.tflite", "onnx/model.onnx", "onnx/files.json"), b"x"))
    expected = str(classifier.predict(TEXTS[:1])[0])
    for name in (None, "auto", "tensorflow"):
        assert isinstance(kerascnn.load("hf://alice/news", runtime=name), TextClassifier)
    predict.main(["hf://alice/news", TEXTS[0]])
    assert capsys.readouterr().out.splitlines()[1].split(",")[1] == expected
    for name in ("tflite", "onnx"):  # now they are in the cache
        with pytest.raises(InputError, match=r"damaged|schema version None"):
            kerascnn.load("hf://alice/news", runtime=name)
    predict.main(["hf://alice/news", TEXTS[0]])
    assert capsys.readouterr().out.splitlines()[1].split(",")[1] == expected


def test_without_tensorflow_the_exports_are_downloaded(hub, classifier, tmp_path, monkeypatch):
    classifier.save(tmp_path / "news")
    tflite.export(classifier.bundle_, tmp_path / "news")
    push_bundle(tmp_path / "news", "alice/news", token=WRITER)
    installed = {"tflite"}
    monkeypatch.setattr(runtime, "has_runtime", lambda name: name in installed)
    monkeypatch.setattr(loading, "has_runtime", lambda name: name in installed)
    for name in (None, "auto"):
        assert (
            kerascnn.load("hf://alice/news", runtime=name).predict(TEXTS).tolist() == classifier.predict(TEXTS).tolist()
        )
    installed.clear()
    asked = len(hub.requests)
    for name, message in (
        (None, "neither TensorFlow nor"),
        ("onnx", "onnxruntime is not"),
        ("bogus", "is called 'bogus'"),
    ):
        with pytest.raises(InputError, match=message):
            kerascnn.load("hf://alice/news", runtime=name)
    assert len(hub.requests) == asked


def test_names_without_a_prefix_are_explained():
    for name in ("alice/news", "alice/news@v2", Path("hf://alice/news@v2")):
        address = f"hf://alice/news{'@v2' * ('v2' in str(name))}"
        with pytest.raises(InputError, match=rf"not a bundle .*; a bundle of the Hugging Face Hub: {address}$"):
            kerascnn.load(name)
        with pytest.raises(InputError, match=rf"; a bundle of the Hugging Face Hub: {address}$"):
            predict.main([str(name), "a text"])
    with pytest.raises(InputError, match=r"give the folder that training wrote$"):
        kerascnn.load("tests/nowhere")


def test_outputs_name_the_address(hub, bundle, tmp_path, capsys):
    push_bundle(bundle, "alice/news", token=WRITER)
    data = tmp_path / "data.csv"
    data.write_text("\n".join(["text,label", *(f"{text},{label}" for text, label in zip(TEXTS, LABELS, strict=True))]))
    compare.main(["hf://alice/news", "hf://alice/news@main", "--data", str(data), "--quiet"])
    shown = capsys.readouterr().out
    assert "A hf://alice/news " in shown and "B hf://alice/news@main " in shown
    compare.main(["hf://alice/news", str(bundle), "--data", str(data), "--json"])
    assert json.loads(capsys.readouterr().out)["a"]["bundle"] == "hf://alice/news"
    predict.main(["hf://alice/news", TEXTS[0], "--explain", "--html"])
    page = capsys.readouterr().out
    assert "hf://alice/news" in page and "snapshots" not in page


def test_commands_read_addresses(hub, bundle, tmp_path):
    push_bundle(bundle, "alice/news", token=WRITER)
    with pytest.raises(InputError, match=r"^hf://alice/news: it has no test or validation metrics to draw"):
        plot.main(["hf://alice/news", "--output", str(tmp_path / "plots")])
    with pytest.raises(InputError, match=r"hf://alice/news: name the folder of the files by --output"):
        plot.main(["hf://alice/news"])
    push_bundle(bundle, "alice/news", token=WRITER, revision="feature/x")
    for address in ("hf://alice/news", "hf://alice/news@main", "hf://alice/news@feature/x"):
        assert list(name_bundles(address, ())) == ["news"]


def test_damaged_and_foreign_repositories_are_named(hub, bundle):
    push_bundle(bundle, "alice/news", token=WRITER)
    hub.change("alice/news", **{"labels.txt": b"other\nlabels\n"})
    with pytest.raises(InputError, match=r"labels.txt: changed or damaged since it was written"):
        kerascnn.load("hf://alice/news")
    hub.repositories["bob/extension"] = Repository(private=False)
    hub.change("bob/extension", **{"manifest.json": b'{"manifest_version": 3}'})
    with pytest.raises(InputError, match=r"hf://bob/extension: not a bundle of kerascnn, or damaged: .*schema_version"):
        kerascnn.load("hf://bob/extension")


def test_names_of_files_in_a_foreign_manifest_are_not_followed(hub, bundle, tmp_path):
    shutil.copytree(bundle, tmp_path / "copy")
    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_text(encoding="utf-8"))
    edit_sealed(tmp_path / "copy" / "manifest.json", files=manifest["files"] | {"../../evil": "0", "notes.txt": "0"})
    push_bundle(tmp_path / "copy", "alice/news", token=WRITER)
    hub.change("alice/news", **{"notes.txt": b"x"})
    assert not (download_bundle("hf://alice/news") / "notes.txt").exists()


def test_errors_of_rights_say_what_to_do(hub, bundle):
    hub.repositories["alice/private"] = Repository(private=True)
    hub.repositories["alice/gated"] = Repository(private=False, gated=True)
    for name, message in (
        ("alice/private", "there is no such repository, or it is private; check the name, or log in by: hf auth login"),
        ("alice/none", "there is no such repository, or it is private"),
        ("alice/gated", "its owner grants access on request, on its page; then log in"),
    ):
        with pytest.raises(InputError, match=rf"hf://{name}: cannot be downloaded .{message}"):
            TextClassifier.from_pretrained(name)
    with pytest.raises(InputError, match=r"cannot be uploaded \(the Hub asks for a valid token; log in"):
        push_bundle(bundle, "alice/news", token="hf_wrong")
    with pytest.raises(InputError, match=r"cannot be uploaded \(the token has no permission for it; .*write access"):
        push_bundle(bundle, "alice/news", token=READER)


def test_wrong_names_are_rejected_without_a_connection(hub, bundle, tmp_path):
    for name in ("news", None, 3, "a/b/c"):
        for push in (TextClassifier(model="bow").push_to_hub, lambda name: push_bundle(bundle, name)):
            with pytest.raises(InputError, match=rf"{name!r}: expected OWNER/NAME, such as alice/news"):
                push(name)
    with pytest.raises(InputError, match=r"hf://news: expected hf://OWNER/NAME, such as hf://alice/news"):
        kerascnn.load("hf://news")
    with pytest.raises(InputError, match=r"a/b/c: there is no such folder, and it is not OWNER/NAME"):
        TextClassifier.from_pretrained("a/b/c")
    with pytest.raises(InputError, match=r"repo_id: give OWNER/NAME, or a folder. Received: 3"):
        TextClassifier.from_pretrained(3)
    with pytest.raises(InputError, match=r"is a folder, which has no revision 'main'"):
        TextClassifier.from_pretrained(bundle, revision="main")
    with pytest.raises(InputError, match=r"labels.txt: changed or damaged"):
        shutil.copytree(bundle, tmp_path / "damaged")
        (tmp_path / "damaged" / "labels.txt").write_text("1\n3\n")
        push_bundle(tmp_path / "damaged", "alice/news", token=WRITER)
    assert TextClassifier.from_pretrained(bundle).classes_.tolist() == [1, 2]
    assert not hub.requests


def test_without_network_the_cache_answers(hub, bundle):
    push_bundle(bundle, "alice/news", token=WRITER)
    folder = download_bundle("hf://alice/news")
    hub.stop()
    assert download_bundle("hf://alice/news") == folder
    with pytest.raises(InputError, match=r"hf://alice/other: cannot be downloaded \(http://127.*cannot be reached\)"):
        download_bundle("hf://alice/other")
    with pytest.raises(InputError, match=r"hf://alice/news: cannot be uploaded \(http://127.*cannot be reached\)"):
        push_bundle(bundle, "alice/news", token=WRITER)


def test_offline_variable_is_honoured(hub, bundle):
    push_bundle(bundle, "alice/news", token=WRITER)
    folder, asked = download_bundle("hf://alice/news"), len(hub.requests)
    code = (
        "import sys\nfrom kerascnn.hub import download_bundle\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        print(download_bundle(f'hf://alice/{name}'))\n"
        "    except ValueError as error:\n        print(error)\n"
        "print('keras' in sys.modules)\n"
    )
    variables = {"HF_ENDPOINT": hub.address, "HF_HUB_CACHE": constants.HF_HUB_CACHE, "HF_HUB_OFFLINE": "1"}
    finished = subprocess.run(
        [sys.executable, "-c", code, "news", "other"], env={**os.environ, **variables, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    cached, missing, has_keras = finished.stdout.splitlines()
    assert cached == str(folder) and has_keras == "False"
    assert missing.startswith("hf://alice/other: cannot be downloaded (HF_HUB_OFFLINE is set, and the cache does not")
    assert len(hub.requests) == asked


def test_missing_package_names_the_extra(bundle, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for action in (lambda: kerascnn.load("hf://alice/news"), lambda: push_bundle(bundle, "alice/news")):
        with pytest.raises(InputError, match=r'huggingface_hub cannot be imported .*pip install "kerascnn\[hub\]"'):
            action()
