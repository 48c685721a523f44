"""Linear member: a linear classifier over tf-idf features that is solved, not trained, and added to a network."""
