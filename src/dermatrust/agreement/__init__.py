"""Arrays in, one statistic with its interval out; NumPy only."""
