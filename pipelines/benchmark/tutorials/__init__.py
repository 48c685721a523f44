"""What people write without this package, to be compared with: scripts of their own that import nothing of it.

Each is called as ``python SCRIPT FOLDER --length N [--characters] [--epochs N] [--seed N]``, where the folder holds
``train.csv``, ``dev.csv`` and ``test.csv`` with the columns ``text`` and ``label``, and prints one line of JSON:
``seconds`` of training, the validation after each epoch included, and ``accuracy`` on the test rows.
"""
