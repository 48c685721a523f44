"""Measurements behind the project's own pages: how training and scoring scale. Run them from a checkout.

``python -m benchmarks scale|plan|growth|table``; their results are in ``benchmarks/results/``.
"""
