"""Golden answers of a tagger: tags and probabilities at training, which it must repeat wherever it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kerascnn.golden import PROBES, TOLERANCE
from kerascnn.tagged_texts import select_scores
from kerascnn.tasks.sentence_tagger import SentenceTagger
from kerascnn.utils.atomic_files import read_json
from kerascnn.utils.errors import InputError


def make_golden_tags(tagger: SentenceTagger) -> dict[str, Any]:
    """Return the answers of a tagger to the probe texts: tokens, ids, tags, and the probabilities of these tags.

    Raises:
        InputError: A probability is NaN.
    """
    sentences = [tokens for text in PROBES if (tokens := [text[start:end] for start, end in tagger.split(text)])]
    answers = tagger.tag(sentences)
    if not all(np.isfinite(probabilities).all() for _, probabilities in answers):
        raise InputError("the model predicts NaN; train it again with a lower training.learning_rate")
    return {
        "tokens": sentences,
        "ids": [tagger.encoder.encode(tokens).tolist() for tokens in sentences],
        "tags": [tags for tags, _ in answers],
        "probabilities": [[float(f"{p:.7g}") for p in select_scores(tagger.labels, *answer)] for answer in answers],
    }


def check_golden_tags(path: Path, tagger: SentenceTagger) -> None:
    """Check that ids, and the probabilities of the golden tags, are the same as at training.

    Where tags are equally probable, rounding on another device decides which one is predicted, so that the predicted
    tags are not compared.

    Raises:
        InputError: They differ, or the file is damaged.
    """
    try:
        golden = read_json(path)
        rows = list(zip(golden["tokens"], golden["ids"], golden["tags"], golden["probabilities"], strict=True))
        answers = [probabilities for _, probabilities in tagger.tag(golden["tokens"])]
        found = [select_scores(tagger.labels, row[2], answer) for row, answer in zip(rows, answers, strict=True)]
        differences = [
            np.abs([a - b for a, b in zip(values, row[3], strict=True)]).max(initial=0)
            for row, values in zip(rows, found, strict=True)
        ]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged ({error!r}); copy the bundle again") from None
    for (tokens, ids, _, _), difference in zip(rows, differences, strict=True):
        text = " ".join(tokens)[:40]
        if tagger.encoder.encode(tokens).tolist() != ids:
            raise InputError(f"{path}: the tokens {text!r} are encoded differently than at training")
        if not difference <= TOLERANCE:  # also if it is NaN
            raise InputError(f"{path}: the probabilities of {text!r} differ by {difference:.2g} from those at training")
