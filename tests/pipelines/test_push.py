"""The push command, and bundles of the Hub in the other commands."""

from tests.hub_server import WRITER
from tests.pipelines.conftest import command
from tests.test_hub import bundle, classifier, hub  # noqa: F401


def test_pushed_bundle_answers_under_its_address(hub, bundle, monkeypatch, tmp_path):  # noqa: F811
    monkeypatch.setenv("HF_TOKEN", WRITER)
    options = ("--license", "mit", "--tags", "news", "sport", "--branch", "v1", "--message", "Second try")
    finished = command("push", bundle, "alice/news", "--private", *options)
    assert finished.status == 0, finished.err
    assert finished.out == f"{hub.address}/alice/news/tree/v1\n" and "predict hf://alice/news@v1" in finished.err
    assert hub.repositories["alice/news"].private and hub.repositories["alice/news"].messages == ["Second try"]
    card = hub.files("alice/news", "v1")["README.md"].decode()
    assert "license: mit\n" in card and "- sport\n" in card
    (tmp_path / "new.csv").write_text("text,label\nthe match was won at home,2\nprices of shares fell,1\n")
    address = "hf://alice/news@v1"
    predicted = command("predict", address, "the match was won")
    assert predicted.status == 0 and predicted.out == command("predict", bundle, "the match was won").out
    assert command("compare", address, bundle, "--data", tmp_path / "new.csv").status == 0
    assert "name the folder of the files by --output" in command("plot", address).err
    finished = command("plot", address, "--output", tmp_path / "figures")
    assert f"{address}: it has no test or validation metrics" in finished.err and not (tmp_path / "figures").exists()
    finished = command("export", address, "--format", "onnx")
    assert finished.status == 1 and "hf://alice/news@v1: this command writes into the folder" in finished.err
    assert "hf://alice/none: cannot be downloaded" in command("evaluate", "hf://alice/none", "--data", "x.csv").err
