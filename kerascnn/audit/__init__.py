"""Find unusual data before training: one module per kind of issue, and ``audit.py``, which runs them all."""
