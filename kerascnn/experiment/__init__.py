"""The workflows of the commands: check, read data, train, evaluate, save, and return the result.

``run_training``, ``run_distillation``, ``run_pretraining`` and ``run_search`` take a ``Config`` and report progress
through a ``log`` function. Importing them does not import TensorFlow.
"""

from kerascnn.experiment.distillation_run import DistillationResult, run_distillation
from kerascnn.experiment.pretraining_run import PretrainingResult, run_pretraining
from kerascnn.experiment.run_folders import default_bundle_folder
from kerascnn.experiment.search_run import SearchOptions, SearchResult, run_search
from kerascnn.experiment.training_run import TrainingResult, run_training

__all__ = [
    "DistillationResult",
    "PretrainingResult",
    "SearchOptions",
    "SearchResult",
    "TrainingResult",
    "default_bundle_folder",
    "run_distillation",
    "run_pretraining",
    "run_search",
    "run_training",
]
