"""One published benchmark per file, found by its name."""
