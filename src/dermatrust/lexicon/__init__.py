"""Dermatology as reviewable data files, and the one matcher that reads narratives with them."""

from dermatrust.lexicon.concept import Concept, Diagnosis, Kind, Mention, Status
from dermatrust.lexicon.lexicon import Lexicon, lexicon_texts, load_lexicon

__all__ = ["Concept", "Diagnosis", "Kind", "Lexicon", "Mention", "Status", "lexicon_texts", "load_lexicon"]
