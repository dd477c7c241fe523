"""Raters against each other: agreement tables, rankings of models, and whether a judge may replace a rater."""
