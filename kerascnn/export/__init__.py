"""A bundle turned into what other programs run: TensorFlow Serving, TFLite, MediaPipe, a web page, ONNX."""
