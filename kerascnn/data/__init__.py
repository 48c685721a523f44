"""From a named source to rows of text and labels, and from rows to training, validation and test data."""
