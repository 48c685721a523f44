"""Batch scoring: add predictions to every row of a file or of a folder of files."""
