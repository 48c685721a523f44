"""What people write without this package: scripts to compare with, which import nothing of it.

Each is called as ``python SCRIPT FOLDER --length N [--characters] [--epochs N] [--seed N] [--predict]``. The folder
holds ``train.csv``, ``dev.csv`` and ``test.csv`` with the columns ``text`` and ``label``. It prints one line of JSON:
``seconds`` of training, including the validation after each epoch, and ``accuracy`` on the test rows; with
``--predict`` also ``documents_per_second`` of the test texts in one call, and ``milliseconds`` of a call with one text.
"""
