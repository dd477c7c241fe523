"""Asks many things at once: concurrency, limits, retries, cost, progress, resume."""
