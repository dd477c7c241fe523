"""One file per source: its rows to cases. Beside them: what a dataset is checked for, described by and split by."""
