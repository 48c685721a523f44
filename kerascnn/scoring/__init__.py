"""Labels of new texts: what is said of each, and how a folder of many files is gone through."""
