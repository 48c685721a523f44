"""What a person reads about a trained classifier: explanations, operating points, plots, report and model card."""
