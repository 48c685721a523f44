"""Commands of kerascnn: ``python -m pipelines.COMMAND``, ``python -m kerascnn COMMAND`` and ``kerascnn COMMAND``.

A module per command, which parses its options, calls the library and prints.
"""
