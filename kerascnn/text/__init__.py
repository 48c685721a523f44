"""Text to ids: the rules (standardize), run in the graph (graph) and in plain Python (plain), and the vocabulary."""
