"""One file per source: its rows to cases."""
