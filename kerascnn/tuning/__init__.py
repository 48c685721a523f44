"""Search for settings: the space in YAML, KerasTuner's algorithms, and what the trials gave."""
