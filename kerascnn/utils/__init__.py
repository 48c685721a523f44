"""What every part of the package uses: errors, atomic files, standard error, CPU facts, optional packages."""
