"""How fast a function answers, measured in the same way for everybody."""

import statistics
import time


def answering(predict, texts, rounds=3):
    """Documents a second of all texts in one call, and the milliseconds of a call with one text; medians.

    Args:
        predict: Takes a list of strings.
        texts: Documents.
        rounds: How often all texts are answered; the first 200 are asked one by one.
    """
    predict(texts), predict(texts[:1])  # what happens once only
    together = statistics.median(_seconds(predict, texts) for _ in range(rounds))
    single = statistics.median(_seconds(predict, [text]) for text in texts[:200])
    return {"answers_per_second": len(texts) / together, "milliseconds": 1000 * single}


def _seconds(predict, texts):
    start = time.perf_counter()
    predict(texts)
    return time.perf_counter() - start
