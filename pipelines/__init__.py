"""Commands of kerascnn: ``python -m pipelines.VERB``, ``python -m kerascnn VERB`` and ``kerascnn VERB``.

A module per command, which parses its options, calls the library and prints.
"""
