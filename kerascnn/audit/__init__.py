"""Find what is unusual about data before training, one module a kind of issue."""
