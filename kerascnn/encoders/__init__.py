"""Sources of pretrained encoders: one module for each, which finds the files and their configuration."""
