"""A small substitute for TensorFlow Serving on the loopback interface: its API over gRPC, without kerascnn.

``python server.py NAME=FOLDER ...`` loads the highest version in each folder into a v1 session, as the C++ loader of
TensorFlow Serving does, runs the warm-up requests, prints its port, and serves until its standard input ends.
"""

import sys
from concurrent import futures
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)


class ServedModel:
    """A loaded version of a model."""

    def __init__(self, folder):
        version = max((path for path in Path(folder).iterdir() if path.name.isdigit()), key=lambda path: int(path.name))
        with tf.Graph().as_default() as graph:
            self.session = tf.compat.v1.Session(graph=graph)
            self.signatures = tf.compat.v1.saved_model.load(self.session, ["serve"], str(version)).signature_def
        for record in tf.compat.v1.io.tf_record_iterator(str(version / "assets.extra" / "tf_serving_warmup_requests")):
            log = prediction_log_pb2.PredictionLog.FromString(record).predict_log
            self.run(log.request.model_spec.signature_name, log.request.inputs)

    def run(self, signature_name, inputs):
        signature = self.signatures[signature_name or "serving_default"]
        feeds = {signature.inputs[name].name: tf.make_ndarray(tensor) for name, tensor in inputs.items()}
        return self.session.run({name: info.name for name, info in signature.outputs.items()}, feeds)


class Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Predict and Classify as in TensorFlow Serving."""

    def __init__(self, models):
        self.models = models

    def Predict(self, request, context):  # noqa: N802
        outputs = self.models[request.model_spec.name].run(request.model_spec.signature_name, request.inputs)
        return predict_pb2.PredictResponse(outputs={k: tf.make_tensor_proto(v) for k, v in outputs.items()})

    def Classify(self, request, context):  # noqa: N802
        model, name = self.models[request.model_spec.name], request.model_spec.signature_name
        assert model.signatures[name].method_name == "tensorflow/serving/classify"
        assert set(model.signatures[name].outputs) == {"classes", "scores"}
        examples = [example.SerializeToString() for example in request.input.example_list.examples]
        outputs = model.run(name, {"inputs": tf.make_tensor_proto(np.array(examples, object))})
        response = classification_pb2.ClassificationResponse()
        for labels, scores in zip(outputs["classes"], outputs["scores"], strict=True):
            row = response.result.classifications.add()
            for label, score in zip(labels, scores, strict=True):
                row.classes.add(label=label.decode(), score=score)
        return response


def main():
    models = {name: ServedModel(folder) for name, folder in (option.split("=", 1) for option in sys.argv[1:])}
    assert not [name for name in sys.modules if name.startswith(("kerascnn", "tensorflow_text"))]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(Service(models), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(0)


if __name__ == "__main__":
    main()
