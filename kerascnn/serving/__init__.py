"""An HTTP server for bundles: the REST interface of TensorFlow Serving, predictions for people, metrics, a page."""
