"""Learn from a teacher's probabilities."""
