"""Evaluation: figures from labels and probabilities, and their pictures."""
