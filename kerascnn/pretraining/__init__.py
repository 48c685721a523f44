"""Pretrain a model on text without labels."""
