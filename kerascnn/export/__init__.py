"""Export a bundle to other runtimes, one module per format.

Each module has a function ``export``, which writes the artifact, and (except ``web``) a function ``load_predict_fn``,
which loads it in the runtime that it is made for. ``verify`` compares the artifacts with the bundle.
"""
