"""Read labelled rows from named sources, check them, and split them into training, validation and test data."""
