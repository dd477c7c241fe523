"""The score of the argument itself: Reasoning Coherence."""

from dermatrust.judge.lexical_conclusion import Conclusion
from dermatrust.judge.lexical_findings import Judged, alternatives, names
from dermatrust.judge.lexical_profile import Profile
from dermatrust.judge.lexical_truth import n_unrelated
from dermatrust.lexicon import Lexicon
from dermatrust.lexicon.forms import is_form_of
from dermatrust.records import HIGHEST_SCORE

NO_CONCLUSION = 2.5
"""A text that ends nowhere has half an argument at most."""
CONTRADICTS_ITSELF = 2.5
"""Reasoning towards one disease and answering another is as bad as no conclusion."""
NOT_DISCUSSED = 1.5
"""The answer appears in the closing line alone, and no alternative is weighed: asserted, not argued."""
NO_FINDINGS = 1.5
"""Nothing about this skin is cited."""
CONCLUSION_FIRST = 0.5
"""The disease is concluded before anything is described."""
NO_ALTERNATIVE, LISTED_ONLY = 1.0, 0.5
"""No other disease is weighed; or others are named, but nothing said for or against them."""
UNDECIDED = 1.0
"""It ends on two diseases; more are a list and no conclusion."""
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
    n_choices = n_unrelated(concluded.diagnoses, lexicon)
    if n_choices > 1:
        cost = UNDECIDED if n_choices == 2 else NO_CONCLUSION
        return cost, f"It does not decide between {concluded.name}."
    if not concluded.is_closing:
        return 0.0, ""
    if concluded.text in candidate.discussed or _follows(favoured, concluded, lexicon):
        return 0.0, ""
    if favoured.exists:
        return CONTRADICTS_ITSELF, f"It argues for {favoured.name} and answers {concluded.name}."
    if concluded.diagnoses and all(d.id in candidate.dismissed for d in concluded.diagnoses):
        return CONTRADICTS_ITSELF, f"It rules out {concluded.name} and answers it."
    argues = candidate.weighs and alternatives(candidate) and candidate.first_feature >= 0
    if not argues and not _is_discussed(candidate, lexicon):
        return NOT_DISCUSSED, f"It answers {concluded.name} without having discussed it."
    return 0.0, ""


def _is_discussed(candidate: Profile, lexicon: Lexicon) -> bool:
    """Whether the answer, or a form of it ("acne" before "acne vulgaris"), is named before the closing line."""
    before = [lexicon.diagnoses[name] for name in candidate.discussed if name in lexicon.diagnoses]
    return any(is_form_of(d, answer, lexicon) for d in before for answer in candidate.conclusion.diagnoses)


def _follows(favoured: Conclusion, concluded: Conclusion, lexicon: Lexicon) -> bool:
    """Whether the answer is a disease argued for, or a form of it."""
    return any(is_form_of(d, answer, lexicon) for d in favoured.diagnoses for answer in concluded.diagnoses)


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
