"""Training: ``fit``, the training step, losses, metrics, optimizers, schedules, and checkpoints."""
