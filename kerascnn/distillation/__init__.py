"""Knowledge distillation: train a classifier on the class probabilities of a teacher."""
