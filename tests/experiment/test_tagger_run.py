"""The data chooses the tagger."""

from __future__ import annotations

import dataclasses
import json

import pytest

from kerascnn.config import default_config
from kerascnn.experiment.tagger_run import choose_tagger

SPANS = [{"text": "in Rome", "label": [[3, 7, "LOC"]]}]
EMPTY = [{"text": f"text {number}", "label": []} for number in range(300)]
TOPICS = [{"text": "in Rome", "label": ["travel"]}]


@pytest.mark.parametrize(
    ("files", "model"),
    [
        ([SPANS], "id_cnn"),
        ([EMPTY + SPANS], "id_cnn"),
        ([EMPTY, SPANS], "id_cnn"),
        ([EMPTY + TOPICS], "word_cnn"),
        ([EMPTY], "word_cnn"),
        ([[{"text": "in Rome", "label": "travel", "entities": [[3, 7, "LOC"]]}]], "word_cnn"),
    ],
)
@pytest.mark.parametrize("as_pattern", [False, True])
def test_first_rows_with_labels_choose_the_model(files, model, as_pattern, tmp_path):
    for number, rows in enumerate(files):
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    names = [f"{number}.jsonl" for number in range(len(files))]
    data = tuple(str(tmp_path / name) for name in (["*.jsonl"] if as_pattern else names))
    assert choose_tagger(dataclasses.replace(default_config("word_cnn"), data=data)).model == model
