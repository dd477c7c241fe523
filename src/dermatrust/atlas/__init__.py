"""The synthetic skin atlas: from a seed to a case, its pixels, its texts and its raters, all of known truth.

Pure functions: seed in, case out. Nothing here reads or writes a user's file; `datasets.atlas` makes dataset folders.
"""

from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.facts import Facts, Findings, View
from dermatrust.atlas.said import NarrativeError, Said, truth_said

__all__ = ["Facts", "Findings", "NarrativeError", "Said", "View", "draw_facts", "truth_said"]
