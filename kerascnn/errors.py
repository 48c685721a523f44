"""The one exception a person is meant to read."""


class InputError(ValueError):
    """Something given by the user cannot be used: a file, a row, a setting, a bundle.

    The message is one line that names the file, the row, the value and the remedy, as far as each applies.
    Commands print it without a traceback and exit with status 1.
    """
