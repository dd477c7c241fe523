"""The command line: one file per command."""

from dermatrust.cli.main import main

__all__ = ["main"]
