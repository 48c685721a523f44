"""Answer with the exported models of a bundle, without TensorFlow and Keras.

``runtime.choose_runtime`` chooses one, and ``text_predictor.TextPredictor`` answers with it.
"""
