"""The report of a tagger."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from kerascnn.evaluation.tagger_card import TaggedExample, render_report
from kerascnn.tasks import TAGGING


@pytest.mark.parametrize(
    ("labels", "true", "predicted", "names"),
    [
        (["B", "I"], ["B", "B"], ["B", "I"], ["span"] * 3),
        (["B-PER", "I-PER", "O"], ["B-PER", "O"], ["O", "O"], ["PER"]),
        (["-LRB-", "NN-HL"], ["-LRB-", "NN-HL"], ["NN-HL", "NN-HL"], ["-LRB-", "NN-HL", "NN-HL", "NN-HL"]),
        (["O", "X"], ["O", "O"], ["X", "O"], ["O", "O", "X", "O"]),
    ],
)
def test_report_marks_all_kinds_of_tags_in_color(labels, true, predicted, names):
    bundle = SimpleNamespace(
        labels=labels, metrics={}, task=TAGGING, config=SimpleNamespace(model="id_cnn"),
        model=SimpleNamespace(count_params=lambda: 1),
    )  # fmt: skip
    page = render_report(bundle, [TaggedExample(["Anna", "left"], true, predicted)])
    marks = re.findall(r'background: (.*?)">[^<]*<b>(.*?)</b>', page)
    assert [name for _, name in marks] == names
    assert "#ddd" not in [color for color, _ in marks]
