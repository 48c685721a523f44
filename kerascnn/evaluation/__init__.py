"""Explanations, operating points, plots, report and model card of a trained classifier."""
