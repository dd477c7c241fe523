"""The score of the argument itself: Reasoning Coherence."""

from dermatrust.judge.lexical_findings import Judged, alternatives, names
from dermatrust.judge.lexical_profile import Profile
from dermatrust.judge.lexical_truth import is_form_of
from dermatrust.lexicon import Lexicon
from dermatrust.records import HIGHEST_SCORE

NO_CONCLUSION = 2.5
"""A text that ends nowhere has half an argument at most."""
CONTRADICTS_ITSELF = 2.5
"""Reasoning towards one disease and answering another is as bad as no conclusion."""
NOT_DISCUSSED = 1.5
"""The answer appears in the closing line alone: asserted, not argued."""
NO_FINDINGS = 1.5
"""Nothing about this skin is cited."""
CONCLUSION_FIRST = 0.5
"""The disease is concluded before anything is described."""
NO_ALTERNATIVE, LISTED_ONLY = 1.0, 0.5
"""No other disease is weighed; or others are named, but nothing said for or against them."""
UNDECIDED = 1.0
"""It ends on several diseases."""
PER_TORN, MOST_FOR_TORN = 0.5, 1.5
"""A feature both affirmed and denied, unless the reference also speaks of it both ways."""


def coherence(candidate: Profile, reference: Profile, lexicon: Lexicon) -> Judged:
    """Score whether the conclusion follows from what the text itself says; the reference excuses, never accuses."""
    costs = [_conclusion(candidate, lexicon), _description(candidate), _weighing(candidate)]
    torn = candidate.torn - reference.torn
    if torn:
        cost = min(MOST_FOR_TORN, PER_TORN * len(torn))
        costs.append((cost, f"It both affirms and denies {names(torn)}."))
    why = " ".join(reason for _, reason in costs if reason)
    score = max(0.0, HIGHEST_SCORE - sum(cost for cost, _ in costs))
    return Judged(score, why or "It describes, weighs alternatives, and its conclusion follows.")


def _conclusion(candidate: Profile, lexicon: Lexicon) -> tuple[float, str]:
    concluded, favoured = candidate.conclusion, candidate.favoured
    if not concluded.exists:
        return NO_CONCLUSION, "It reaches no conclusion."
    if not concluded.is_announced:
        return NO_CONCLUSION, f"It reaches no conclusion; it only names {concluded.name}."
    if len(concluded.diagnoses) > 1:
        return UNDECIDED, f"It does not decide between {concluded.name}."
    if not concluded.is_closing:
        return 0.0, ""
    if concluded.text in candidate.discussed or any(
        is_form_of(d, answer, lexicon) for d in favoured.diagnoses for answer in concluded.diagnoses
    ):
        return 0.0, ""
    if favoured.exists:
        return CONTRADICTS_ITSELF, f"It argues for {favoured.name} and answers {concluded.name}."
    if not any(d.id in candidate.discussed for d in concluded.diagnoses):
        return NOT_DISCUSSED, f"It answers {concluded.name} without having discussed it."
    return 0.0, ""


def _description(candidate: Profile) -> tuple[float, str]:
    if candidate.first_feature < 0:
        return NO_FINDINGS, "It cites no finding of this skin."
    if 0 <= candidate.conclusion.start < candidate.first_feature:
        return CONCLUSION_FIRST, "It concludes before it describes."
    return 0.0, ""


def _weighing(candidate: Profile) -> tuple[float, str]:
    if not alternatives(candidate):
        return NO_ALTERNATIVE, "It weighs no alternative diagnosis."
    if not candidate.weighs:
        return LISTED_ONLY, "It lists alternatives without a word for or against them."
    return 0.0, ""
