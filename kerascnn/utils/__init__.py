"""Helpers of all packages: errors, atomic files, standard error, CPUs, optional packages, tables."""
