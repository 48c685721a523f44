"""Text to token ids.

``rules`` describes the preprocessing as data; ``tf_tokenizer`` runs it in the TensorFlow graph and ``python_tokenizer``
in plain Python. ``Vectorizer`` adds the vocabulary.
"""
