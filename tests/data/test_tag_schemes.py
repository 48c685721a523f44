"""Schemes of tags are detected, checked and converted."""

from __future__ import annotations

import pytest

from kerascnn.data.tag_schemes import (
    allowed_transitions,
    convert_to_iob2,
    detect_scheme,
    find_outlier,
    find_usual_form,
    has_spans,
)

IOB2 = ["B-PER", "I-PER", "O", "B-LOC", "B-LOC", "I-LOC"]


@pytest.mark.parametrize(
    ("scheme", "tags"),
    [
        ("IOB2", IOB2),
        ("IOB1", ["I-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-LOC"]),
        ("BIOES", ["B-PER", "E-PER", "O", "S-LOC", "B-LOC", "E-LOC"]),
        ("BIOES", ["B-PER", "L-PER", "O", "U-LOC", "B-LOC", "L-LOC"]),
        ("BIOES", ["B-PER", "E-PER", "O", "W-LOC", "B-LOC", "E-LOC"]),
    ],
)
def test_every_scheme_becomes_iob2(scheme, tags):
    assert detect_scheme([tags]) == scheme
    assert convert_to_iob2(tags, scheme) == (tuple(IOB2), -1)


def test_segmentation_has_prefixes_alone():
    assert detect_scheme([["B", "M", "E", "S"]]) == "BIOES"
    assert convert_to_iob2(["B", "M", "E", "S"], "BIOES").tags == ("B", "I", "I", "B")


def test_parts_of_speech_have_no_scheme():
    assert detect_scheme([["NOUN", "X", "PUNCT"]]) is None
    assert not has_spans(["O"])


@pytest.mark.parametrize(
    ("scheme", "tags", "broken"),
    [
        ("IOB2", ["B-PER", "O", "I-PER"], 2),
        ("IOB2", ["B-PER", "I-LOC"], 1),
        ("IOB1", ["I-PER", "O", "B-PER"], 2),
        ("BIOES", ["B-PER", "O"], 1),
        ("BIOES", ["O", "B-PER"], 1),
        ("BIOES", ["S-PER", "E-PER"], 1),
    ],
)
def test_broken_tags_are_found(scheme, tags, broken):
    converted = convert_to_iob2(tags, scheme)
    assert converted.broken == broken
    assert convert_to_iob2(converted.tags, "IOB2").broken == -1


def test_inside_follows_only_its_own_span():
    begins, follows = allowed_transitions(["B-PER", "I-PER", "I-LOC", "O"])
    assert begins == [True, False, False, True]
    assert follows[0] == [True, True, False, True]
    assert follows[3] == [True, False, False, True]
    assert all(map(all, allowed_transitions(["NOUN", "VERB"])[1]))


@pytest.mark.parametrize("form", ["{0}_{1}", "{1}-{0}", "{1}_{0}"])
def test_other_forms_of_prefixes_become_usual(form):
    usual = ["B-PER", "I-PER", "B-GPE-NAM", "S-A_B"]
    others = [form.format(*tag.split("-", 1)) for tag in usual]
    assert find_usual_form([*others, "O"]) == {**dict(zip(others, usual, strict=True)), "O": "O"}
    assert find_usual_form([*others, "O", "MISC"]) == {}
    assert find_usual_form(usual) == {}


@pytest.mark.parametrize(
    ("tags", "outlier"),
    [
        (["O", "B-PER", "I-PER", "MISC"], "MISC"),
        (["O", "B-PER", "I-PER", "newdoc", "B-LOC"], "newdoc"),
        (["O", "B-PER", "I-PER"], ""),
        (["O", "B", "I"], ""),
        (["NOUN", "VERB", "I-X"], ""),
        (["NN", "NN-HL", "O", "."], ""),
    ],
)
def test_tag_without_prefix_is_found(tags, outlier):
    assert find_outlier(tags) == outlier
