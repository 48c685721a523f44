"""Self-supervised pretraining: masked token prediction on texts without labels."""
