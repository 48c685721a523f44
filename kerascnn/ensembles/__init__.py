"""Several trained classifiers that answer together."""
