"""Transfer learning: pretrained word vectors, weights of another bundle, frozen layers."""
