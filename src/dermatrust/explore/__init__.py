"""Runs looked at in a browser: the report's templates and numbers, page by page, read-only, on this machine alone."""
