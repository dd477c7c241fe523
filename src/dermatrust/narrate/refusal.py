"""Whether a reply is a refusal. Refusals are kept and counted, so what is called one must be one."""

import re

from dermatrust.narrate.closing import closing_diagnosis
from dermatrust.narrate.text import without_reasoning

_MOST_WORDS = 170
"""A refusal with general advice attached stays under this; a narrative with a disclaimer in front does not."""

_UNABLE = r"""(?: can(?:no|')?t | can\ not | could(?:\ not|n't) | (?:won't|will\ not)(?:\ be\ able)?
    | must\ decline | have\ to\ decline | decline
    | (?:am|'m|was|were)?\ ?(?:unable|not\ (?:able|allowed|permitted|qualified|comfortable|authori[sz]ed))
    | do(?:\ not|n't)\ have\ the\ (?:ability|capability|expertise) )(?:\ to)?"""

# "I cannot see any scale" and "I cannot identify a vesicle" are findings; not seeing the image is not.
_WHOLE_IMAGE = r"""(?: see|view|access|open|describ\w*|identify\w*|determin\w*|recogni[sz]\w*|advis\w*|speculat\w* )
    (?:\ \w+){0,4}?\ (?: images?|photo\w*|pictures?|files?|attachments?
    |conditions?|diseases?|diagnos\w+|people|person|individuals?|on )\b"""

_DEED = rf"""(?:\ (?:directly|currently|safely|really|to|help\ (?:you\ )?(?:with|to)))*\s
    (?: (?:assist|help|support|provid|giv|offer|diagnos|analy[sz]|interpret|evaluat|assess|examin|comply|fulfil
    |complet|process|comment|discuss|answer|continu|engag|respond|participat|writ|generat)\w*
    | do\ (?:that|this|so) | act\ as
    | mak(?:e|ing)\ (?:an?\ |any\ )?(?:medical|clinical|diagnos)\w* | {_WHOLE_IMAGE} )"""

_I_CANNOT = rf"""\bI(?:'m|\ am|'ve|\ have)?\ ?(?:\w+\ )?{_UNABLE}{_DEED}"""

_PREAMBLE = r"""(?: (?:I'm|I\ am|we're|we\ are)\ (?:\w+\ )?(?:sorry|afraid|just|only|not|an?)\b
    | sorry | (?:my\ |I\ )?apolog\w+ | unfortunately | as\ an?\ (?:\w+\ )?(?:ai|language\ model|assistant|artificial)
    | thank\ you | thanks | due\ to | while\ I | I\ (?:understand|appreciate|see\ that\ you)
    | for\ (?:safety|privacy|ethical|legal) | given\ (?:my|the) )"""

_OPENING = re.compile(
    rf"""(?: {_PREAMBLE}[^\n]{{0,220}}?{_I_CANNOT} | {_I_CANNOT}
    | (?:I'm\ |I\ am\ )?sorry\W{{0,4}}(?:but\ )?(?:that(?:'s|\ is)\ (?:not\ )?something|this\ (?:request|image|content))
    | (?:this|your|the)\ (?:request|image|content|prompt|question)\ (?:\w+\ )?
        (?:violates|was\ (?:flagged|blocked)|goes\ against|conflicts\ with)
    | (?:my|our)\ (?:\w+\ )?(?:guidelines|polic\w+|programming)\s
        (?:do(?:es)?(?:\ not|n't)\ (?:allow|permit)|prevents?|prohibits?|forbids?)
    | I\ (?:must|have\ to|will\ have\ to)\ (?:respectfully\ )?decline
    | (?:抱歉|对不起|很抱歉)[，,。]?(?:但)?我?(?:无法|不能) )""",
    re.IGNORECASE | re.VERBOSE,
)

_SUBSTANCE = re.compile(
    r"""\b(?:images?|photo\w*|pictures?|skin|lesions?|rash|eruption|it)\ (?:\w+\ )?
        (?:shows?|displays?|demonstrates?|depicts?|reveals?|appears?|exhibits?|presents?\ with|seems?)\b
    | \bI\ (?:can\ )?(?:clearly\ )?(?:see|observe|note)\ (?!that\ you)
    | \bdifferential\ diagnos\w+\ (?:includes?|is|are|would) | \bdifferentials?:
    | \b(?:consistent\ with|suggestive\ of|suggests?|most\ likely|characteristic\ of|findings?\ (?:include|are))\b
    | \bthere\ (?:is|are)\ (?:an?\ )?(?:\w+[ -]){0,5}(?:papul|plaque|macul|patch|nodul|vesic|pustul|lesion|erythem)""",
    re.IGNORECASE | re.VERBOSE,
)
_DRESSING = " \t\r\n*_`#>\"'“”"


def is_refusal(text: str) -> bool:
    """Return whether the reply itself declines to describe or diagnose.

    Conservative: it must open by declining, stay short, describe nothing and commit to no disease. A narrative
    that advises seeing a doctor, cannot exclude something, or tells of someone else's refusal is not one; nor
    is an empty reply, which is counted as empty.

    Example:
        >>> is_refusal("I'm sorry, but I can't assist with that.")
        True
        >>> is_refusal("A melanoma cannot be excluded; please see a dermatologist.")
        False
    """
    reply = without_reasoning(text).strip(_DRESSING)
    if len(reply) > 12 * _MOST_WORDS or len(reply.split()) > _MOST_WORDS:
        return False
    reply = " ".join(reply.replace("’", "'").replace("*", "").split())
    if not _OPENING.match(reply):
        return False
    return not _SUBSTANCE.search(reply) and closing_diagnosis(reply) is None
