"""The speed of predictions, measured in the same way for all contestants."""

import statistics
import time


def time_predictions(predict, texts, rounds=3):
    """Return documents per second of all texts in one call, and milliseconds of a call with one text; medians.

    Args:
        predict: Function of a list of strings.
        texts: Documents.
        rounds: Number of calls with all texts; the first 200 texts are also predicted one by one.
    """
    predict(texts), predict(texts[:1])  # warm up
    all_texts = statistics.median(_seconds(predict, texts) for _ in range(rounds))
    single = statistics.median(_seconds(predict, [text]) for text in texts[:200])
    return {"documents_per_second": len(texts) / all_texts, "milliseconds": 1000 * single}


def _seconds(predict, texts):
    start = time.perf_counter()
    predict(texts)
    return time.perf_counter() - start
