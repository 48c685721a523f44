"""What people write without this package, to be compared with: scripts of their own that import nothing of it.

Each is called as ``python SCRIPT FOLDER --length N [--characters] [--epochs N] [--seed N] [--answers]``. The folder
holds ``train.csv``, ``dev.csv`` and ``test.csv`` with the columns ``text`` and ``label``. It prints one line of JSON:
``seconds`` of training, the validation after each epoch included, and ``accuracy`` on the test rows; with ``--answers``
also ``answers_per_second``, of the test texts in one call, and ``milliseconds``, of a call with one text.
"""
