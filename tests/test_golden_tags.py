"""Golden answers of a tagger: what other devices may change, and what they must not."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from kerascnn.golden_tags import check_golden_tags, make_golden_tags
from kerascnn.tasks.sentence_tagger import SentenceTagger
from kerascnn.tasks.viterbi import TagDecoder
from kerascnn.text.token_encoder import TokenEncoder
from kerascnn.utils.errors import InputError

LABELS = ["B", "I", "O"]


def make_tagger(difference, transitions=((0, 0, 0),) * 3):
    """A tagger whose tags are equally probable for each unknown token, up to a difference of the scores."""

    def compute(ids):
        scores = np.zeros((*ids.shape, len(LABELS)), np.float32)
        scores[..., 1] = difference
        return scores + np.sin(ids)[..., None] * (ids > 1)[..., None]

    encoder = TokenEncoder([], ["[PAD]", "[UNK]", "the", "a"], word_length=4)
    return SentenceTagger(LABELS, encoder, TagDecoder(np.zeros(3), np.array(transitions)), "word", 64, compute)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "golden.json").write_text(json.dumps(make_golden_tags(make_tagger(0))))
    return tmp_path / "golden.json"


@pytest.mark.parametrize("difference", [0, 1e-6, -1e-6])
def test_rounding_may_choose_among_equally_probable_tags(path, difference):
    tagger = make_tagger(difference)
    tags = {tag for row, _ in tagger.tag(json.loads(path.read_text())["tokens"]) for tag in row}
    assert tags == ({"I"} if difference > 0 else {"B"})
    check_golden_tags(path, tagger)


@pytest.mark.parametrize("tagger", [make_tagger(0.01), make_tagger(0, ((0, 2, 0),) * 3), make_tagger(np.nan)])
def test_other_scores_are_refused(path, tagger):
    with pytest.raises(InputError, match="differ by"):
        check_golden_tags(path, tagger)


def test_other_ids_are_refused(path):
    tagger = make_tagger(0)
    other = dataclasses.replace(tagger, encoder=TokenEncoder([], ["[PAD]", "[UNK]", "battery"], word_length=4))
    with pytest.raises(InputError, match="encoded differently than at training"):
        check_golden_tags(path, other)


@pytest.mark.parametrize("name", ["tokens", "ids", "tags", "probabilities"])
@pytest.mark.parametrize("change", ["missing", "null", "short", "numbers", "short rows", "other"])
def test_damaged_file_is_named(path, name, change):
    golden = json.loads(path.read_text())
    if change == "missing":
        del golden[name]
    else:
        golden[name] = {
            "null": None, "short": golden[name][:-1], "numbers": [7] * len(golden[name]),
            "short rows": [row[:-1] for row in golden[name]], "other": [["?"] * len(row) for row in golden[name]],
        }[change]  # fmt: skip
    path.write_text(json.dumps(golden))
    with pytest.raises(InputError, match=r"golden\.json"):
        check_golden_tags(path, make_tagger(0))


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"tokens": '])
def test_text_that_is_no_golden_file_is_named(path, content):
    path.write_text(content)
    with pytest.raises(InputError, match=r"golden\.json: damaged"):
        check_golden_tags(path, make_tagger(0))


def test_model_that_predicts_nan_is_refused():
    with pytest.raises(InputError, match="the model predicts NaN; train it again"):
        make_golden_tags(make_tagger(np.nan))
