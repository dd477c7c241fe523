"""Models against references: the play of one sample, and the table of all."""
