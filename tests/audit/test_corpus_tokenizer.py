"""The tokens of an audit are those of the vectorizer."""

import numpy as np
import pytest

from kerascnn import config as configuration
from kerascnn.audit.corpus_tokenizer import CorpusTokenizer
from kerascnn.text.vectorizer import Vectorizer

SETTINGS = {
    "words": {"min_count": 3, "max_length": 20},
    "characters": {"level": "character", "max_tokens": 100},
    "stop words": {"stop_words": "the\nof\n的\n", "min_count": 1},
    "dictionary": {"split": "dictionary", "dictionary": "酒店\n服务员\n服务\n空调\n", "min_count": 2},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_vocabulary_and_tokens_match_vectorizer(name, news, chinese_reviews, tmp_path):
    settings = dict(SETTINGS[name])
    for key in settings.keys() & {"stop_words", "dictionary"}:
        (tmp_path / key).write_text(settings[key], encoding="utf-8")
        settings[key] = str(tmp_path / key)
    texts = [*news[0][:100], *(text for text, _ in chinese_reviews[:100])]
    config = configuration.default_config("word_cnn").replace_values({"text": settings}, "test")
    tokenizer = CorpusTokenizer(config, texts[::2])
    vectorizer = Vectorizer.adapt(texts[::2], config.text)
    assert tokenizer.vocabulary == vectorizer.vocabulary
    encoded, known = tokenizer.encode(texts[1::2]), tokenizer.is_in_vocabulary()
    number = {token: position for position, token in enumerate(vectorizer.vocabulary)}
    for document, text in enumerate(texts[1::2]):
        values = encoded.values[encoded.row_splits[document] :]
        values = values[: min(encoded.lengths[document], config.text.max_length)]
        tokens = vectorizer.tokenize_text(text)
        assert [tokenizer.numbers[token] for token in tokens] == values.tolist()
        assert known[values].tolist() == [token in number for token in tokens]
    truncated = encoded.truncate(5)
    assert np.isin(truncated, encoded.values).all() and len(truncated) == sum(np.minimum(encoded.lengths, 5))
