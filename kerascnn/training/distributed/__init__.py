"""Train on several devices or processes."""
