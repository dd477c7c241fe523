"""Prompts and candidate narratives."""
