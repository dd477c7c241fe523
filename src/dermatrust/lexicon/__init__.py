"""Dermatology as reviewable data files, and the one matcher that reads narratives with them."""
