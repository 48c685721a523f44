"""Tags of texts as CoNLL, JSON lines and colors."""

from __future__ import annotations

import dataclasses
import io
import json
from types import SimpleNamespace

import pytest

from kerascnn.data.config import SourceConfig
from kerascnn.data.records import Record
from kerascnn.tagged_texts import TaggedToken
from kerascnn.utils.errors import InputError
from pipelines import predict_tags
from pipelines.predict_tags import write_tags

TEXT = "Anna (Miller) left"
PLACES = [(0, 4), (5, 6), (6, 12), (12, 13), (14, 18)]
"""Start and end of its tokens."""


def write(labels, tags, file_format):
    tokens = [TaggedToken(TEXT[a:b], a, b, tag, 0.9) for (a, b), tag in zip(PLACES, tags, strict=True)]
    tagger = SimpleNamespace(classes_=labels, predict_tokens=lambda texts: [tokens for _ in texts])
    file = io.StringIO()
    assert write_tags(tagger, [Record({"text": TEXT}, "file", 1)], "text", file, file_format) == 1
    return file.getvalue()


@pytest.mark.parametrize(
    ("labels", "tags", "marked", "spans"),
    [
        (["B", "I"], "BBIIB", "[Anna] [(Miller)] [left]", ["", "", ""]),
        (["B-PER", "I-PER", "O"], ["B-PER", "O", "B-PER", "O", "O"], "[Anna PER] ([Miller PER]) left", ["PER", "PER"]),
        (["B-GPE-NAM", "O"], ["B-GPE-NAM", *"OOOO"], "[Anna GPE-NAM] (Miller) left", ["GPE-NAM"]),
        (["I-A", "O"], ["I-A", *"OOOO"], "[Anna A] (Miller) left", ["A"]),
        (["-LRB-", "-RRB-", "NN-HL", "VBD"], ["NN-HL", "-LRB-", "NN-HL", "-RRB-", "VBD"],
         "Anna/NN-HL (/-LRB- Miller/NN-HL )/-RRB- left/VBD", None),
        (["B", "I", "X-Y"], ["X-Y", *"BIII"], "Anna/X-Y (/B Miller/I )/I left/I", None),
    ],
)  # fmt: skip
def test_all_kinds_of_tags_can_be_written(labels, tags, marked, spans):
    terminal = write(labels, tags, "terminal")
    assert "\033[36m" in terminal
    plain = terminal
    for code in (0, 31, 32, 33, 34, 35, 36):
        plain = plain.replace(f"\033[{code}m", "")
    assert plain == f"{marked}\n"
    assert [line.split("\t")[1] for line in write(labels, tags, "conll").splitlines()[:-1]] == list(tags)
    row = json.loads(write(labels, tags, "jsonl"))
    assert row["tags"] == list(tags)
    assert [entity["label"] for entity in row.get("entities", [])] == (spans or [])


def test_folder_keeps_only_tags_of_the_same_bundle_files_and_options(tmp_path, monkeypatch, capsys):
    def tag(texts):
        return [[TaggedToken(str(text), 0, len(text), "NN", 0.9)] for text in texts]

    tagger = SimpleNamespace(classes_=["NN", "VB"], predict_tokens=tag)
    monkeypatch.setattr(predict_tags, "_load", lambda bundle, runtime: tagger)
    monkeypatch.setattr(predict_tags, "choose_for_folder", lambda bundle, runtime: runtime)
    folders = [tmp_path / name for name in ("bundle", "other", "in")]
    for folder in folders:
        folder.mkdir()
        (folder / "manifest.json").write_text(folder.name) if folder.name != "in" else None
    for name in ("a", "b"):
        (folders[2] / f"{name}.csv").write_text(f"text,more\n{name},x\n")
    args = SimpleNamespace(
        bundle=str(folders[0]), input=str(folders[2]), output=str(tmp_path / "out"), source=SourceConfig(),
        runtime="tflite", json=True,
    )  # fmt: skip

    def run(**changes):
        predict_tags._predict_folder(SimpleNamespace(**{**vars(args), **changes}), lambda message: None)
        return json.loads(capsys.readouterr().out)["written"]

    source = dataclasses.replace(args.source, text_column="more")
    assert [run(), run()] == [2, 0]
    assert [run(bundle=str(folders[1])), run(bundle=str(folders[1]))] == [2, 0]
    assert [run(source=source), run(source=source), run(runtime="onnx", source=source)] == [2, 0, 2]
    assert json.loads((tmp_path / "out" / "a.jsonl").read_text())["tokens"] == ["x"]
    (folders[2] / "a.csv").write_text("text,more\nlonger,x\n")
    (tmp_path / "out" / "b.jsonl").write_text("changed")
    assert run() == 2
    (tmp_path / "out" / ".a.jsonl.provenance").write_text("{")
    assert [run(), run()] == [1, 0]
    (tmp_path / "out" / ".a.jsonl.provenance").unlink()
    with pytest.raises(InputError, match=r"a\.jsonl exists and was not written by this command"):
        run()
