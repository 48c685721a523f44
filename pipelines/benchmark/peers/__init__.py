"""Programs that train the classifiers of packages with PyTorch, each in an environment of its own.

They do not import kerascnn: the packages need other versions of its dependencies, and their interpreter may lack it.
Each is called as ``python PROGRAM.py FOLDER --encoder FOLDER --seed N``, see ``peer_files``.
"""
