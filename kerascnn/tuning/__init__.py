"""Hyperparameter search: search spaces in YAML, KerasTuner's oracles, results of the trials."""
