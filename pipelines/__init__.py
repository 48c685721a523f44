"""Thin commands over the library: ``python -m pipelines.VERB``, also installed as ``kerascnn VERB``."""
