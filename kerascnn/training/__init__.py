"""Training: one step for every strategy, losses, optimizers, and a state on disk that survives a kill."""
