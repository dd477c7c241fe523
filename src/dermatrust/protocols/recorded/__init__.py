"""Authors' files, one module for each protocol that has more to read than rows: data, and outputs they recorded."""
