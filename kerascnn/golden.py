"""Probe texts, for which every loaded or exported model must predict the same probabilities as the trained model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from kerascnn.utils.atomic_files import read_json, write_json
from kerascnn.utils.errors import InputError, to_one_line
from kerascnn.utils.value_types import check_type

TOLERANCE = 1e-4
"""Largest difference between a probability of ``golden.json`` and the loaded model's."""

PredictFn = Callable[[Sequence[str]], np.ndarray]
"""Function from texts to probabilities, (documents, labels)."""
EncodeFn = Callable[[str], list[int]]
"""Function from a text to ids."""
DecideFn = Callable[[np.ndarray], list[list[str]]]
"""Function from probabilities, (documents, labels), to the predicted labels of each document, best first."""

PROBES = (
    "",
    " ",
    "a",
    "The plot is thin, but the acting is wonderful!",
    "I don't think it's worth the price; the battery died after 2 days.",
    "WHAT A GREAT DAY -- visit HTTPS://EXAMPLE.COM/a?b=1&c=2 for more",
    "Shares rose 3.5% on Tuesday as the bank cut its forecast for 2025.",
    "<p>Tags &amp; entities,<br/>a < b and b > a &#39;quoted&#39;</p>",
    "Café déjà vu – naïve coöperation, Straße, ﬁne e\u0301tude",
    "这部电影很好看，演员的表演也很棒！",
    "手机收到了，屏幕有划痕，客服态度很差。",
    "ＡＢＣ１２３　全角文字，ｍｉｘｅｄ with English words",
    "今日は天気がいいですね。カメラのレンズを買いました。",
    "배송이 빠르고 품질도 좋아요.",
    "هذا المنتج رائع والسعر مناسب جدا",
    "Очень хороший фильм, советую посмотреть.",
    "Το ΤΕΛΟΣ της ημέρας",
    "İstanbul'da ılık bir gün",
    "यह किताब बहुत अच्छी है।",
    "สินค้าคุณภาพดีมาก",
    "👍🏽 great 👨‍👩‍👧 family 🇩🇪 ❤️ :-)",
    "line one\nline two\ttab\u0085next\u2028separator\x00null",
    "\ufffd odd \u200b marks \ufeff",
    "word " * 700,
    "长文本测试，" * 100,
)
"""Many scripts, empty texts, one token, unusual characters, texts longer than any default ``max_length``."""


class GoldenAnswers(TypedDict):
    """Content of ``golden.json`` of a bundle; each value has one item per text."""

    texts: list[str]
    ids: list[list[int]]
    probabilities: list[list[float]]
    labels: list[list[str]]


def write_golden(path: Path, encode: EncodeFn, predict_fn: PredictFn, decide: DecideFn) -> None:
    """Write the answers of a classifier to the probe texts.

    Raises:
        InputError: A probability is NaN.
    """
    texts = list(PROBES)
    probabilities = [[float(f"{p:.7g}") for p in row] for row in predict_fn(texts)]
    check_finite(np.array(probabilities), texts, "train it again with a lower training.learning_rate")
    answers: GoldenAnswers = {
        "texts": texts,
        "ids": [encode(text) for text in texts],
        "probabilities": probabilities,
        "labels": decide(np.array(probabilities)),
    }
    write_json(path, answers)


def read_golden(path: Path) -> GoldenAnswers:
    """Read ``golden.json`` of a bundle.

    Raises:
        InputError: It is damaged.
    """
    try:
        answers: GoldenAnswers = read_json(path)
        check_type(answers, GoldenAnswers)
        if len({len(values) for values in answers.values()}) != 1:  # type: ignore[arg-type]
            raise ValueError("its lists have different lengths")
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged ({to_one_line(error)}); copy the bundle again") from None
    return answers


def check_golden(path: Path, encode: EncodeFn | None, predict_fn: PredictFn, decide: DecideFn) -> None:
    """Check that ids, probabilities and labels of the golden texts are the same as at training.

    Args:
        path: The file.
        encode: Function from a text to ids; None: the model does not take ids.
        predict_fn: Function from texts to probabilities.
        decide: Function from probabilities to labels.

    Raises:
        InputError: They differ, or a probability is NaN; the message names the text and the difference.
    """
    golden = read_golden(path)
    texts, expected, actual = golden["texts"], np.asarray(golden["probabilities"]), predict_fn(golden["texts"])
    for text, ids in zip(texts, golden["ids"], strict=True):
        if encode and encode(text) != ids:
            raise InputError(f"{path}: the text {text[:40]!r} is encoded differently than at training")
    if expected.shape != actual.shape:
        raise InputError(f"{path}: has probabilities {expected.shape}, and the model predicts {actual.shape}")
    check_finite(actual, texts, f"copy the bundle again, or train it again ({path})")
    for text, labels, found in zip(texts, golden["labels"], decide(expected), strict=True):
        if found != labels:
            raise InputError(f"{path}: {text[:40]!r} has the labels {found}, and had {labels} at training")
    difference = np.abs(actual - expected).max(axis=1)
    worst = int(difference.argmax())
    if not difference[worst] <= TOLERANCE:  # also if it is NaN
        raise InputError(
            f"{path}: the probabilities of {texts[worst][:40]!r} differ by {difference[worst]:.2g} from those at"
            " training"
        )


def check_finite(probabilities: np.ndarray, texts: Sequence[str], remedy: str) -> None:
    """Check that a model predicts numbers.

    Args:
        probabilities: Of each text, (texts, labels), or logits.
        texts: The texts.
        remedy: What to do, the end of the message.

    Raises:
        InputError: One is NaN or infinite.
    """
    is_number = np.isfinite(probabilities).all(axis=1)
    if not is_number.all():
        text = texts[int(is_number.argmin())]
        raise InputError(f"the model predicts NaN for the text {text[:40]!r}; {remedy}")
