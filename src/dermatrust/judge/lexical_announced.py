"""What a text's reasoning announces or favours, closing lines aside: the only thing an answer can contradict."""

from collections.abc import Sequence
from itertools import groupby

from dermatrust.judge.lexical_conclusion import (
    CLAUSE_END,
    Conclusion,
    Named,
    Span,
    distinct,
    is_dismissed,
    joined_by_or,
    within,
)
from dermatrust.lexicon.sentences import Sentences, spaced

_BEFORE = spaced(
    r"\b(?:most (?:likely|probabl[ey])(?: diagnosis)?|(?:consistent|compatible|in keeping) with"
    r"|diagnos(?:is is|is of|ed as|tic of|e)|conclud\w+|best (?:explained by|fits?|match\w*)"
    r"|suggests?|suggestive of|indicat(?:es?|ive of)|points? (?:\w+ )?(?:to|towards?)|speaks? for|argues? for"
    r"|in favou?r of|favou?rs?|supports?|(?:typical|characteristic|diagnostic|pathognomonic|classic) (?:of|for)"
    r"|represents?|appears to be|must be|(?:this|it|that) is|the diagnosis is|(?:picture|appearance|case) is that of"
    r"|leading diagnosis(?: is)?|i (?:rank|diagnose))\b"
)
"""What announces the disease that follows it."""
_AFTER = spaced(
    r"[^.;:,(]{0,25}[,(]?\s*(?:is|are|as|remains|seems|which is)?\s*(?:\w+ ){0,2}"
    r"(?:most likely|most probable|most consistent|best (?:fit|match|explanation|fits|explains)"
    r"|(?:leading|top|working|final|correct|favou?red) diagnosis|favou?red|leads\b|at the top of)"
)
"""What announces the disease it follows: "psoriasis is the best explanation"."""
_TENTATIVE = spaced(
    r"\b(?:would|could|may|might|can|initially|at first|not|never|neither|nothing|no longer|less|more|usually|often|if"
    r"|whether|alternative|differential|which|that|though|although)\b[^,;:.]{0,25}$"
)
"""What stands before the announcing words and takes their force; "eczema, which favours the folds" is about eczema."""
_NOT_DIRECT = spaced(
    r"\b(?:not|no|different|unlike|similar|distinct|against|from|over|than|exclude|rule|if|whether|mimic\w*|known"
    r"|history|resembl\w+|until|unless|with)\b"
)
"""What stands between the announcing words and a disease that they do not announce."""
_FARTHEST = 45
"""Letters from the announcing words to the disease they announce: "points to a long-standing, lichenified eczema"."""


def announced_conclusion(sentences: Sentences, named: Sequence[Named], spans: Sequence[Span]) -> Conclusion:
    """Return the diseases of the last sentence that announces or favours one, closing lines aside.

    Stricter than reading a conclusion: a disease that is weighed, listed as a differential, or described is not
    argued for, so a text that names its disease only in the last sentence announces nothing before it.
    """
    held = [n for n in named if n.status != "negated" and not within(n.start, spans)]
    for _, group in groupby(reversed(held), lambda n: sentences.index(n.start)):
        here = list(group)[::-1]
        for place, one in enumerate(here):
            if is_announced(sentences, one) and not is_dismissed(sentences, one):
                return Conclusion(distinct(joined_by_or(sentences, here[place:])), "", one.start)
    return Conclusion()


def is_announced(sentences: Sentences, named: Named) -> bool:
    """Whether the words around a disease say that it is the one."""
    begin, end = sentences.span(sentences.index(named.start))
    after = _AFTER.match(sentences.lower, named.end, end)
    if after and not _NOT_DIRECT.search(after.group()) and not is_tentative(sentences.lower[named.end : after.end()]):
        return True
    for cue in reversed(list(_BEFORE.finditer(sentences.lower, begin, named.start))):
        between = sentences.lower[cue.end() : named.start]
        if len(between) > _FARTHEST or CLAUSE_END.search(between.strip(" :(")) or _NOT_DIRECT.search(between):
            continue
        return not is_tentative(sentences.lower[begin : cue.start()])
    return False


def is_tentative(before: str) -> bool:
    """Whether the words before an announcement say that it is none.

    Example:
        >>> is_tentative("a pearly border would "), is_tentative("the pearly border ")
        (True, False)
    """
    return _TENTATIVE.search(before) is not None
