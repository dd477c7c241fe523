"""Reads a model's reply to "what is the differential?": ranked diagnoses, confidence, and whether it cannot tell."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from dermatrust.clinic.cannot_tell import BY_POLICY, CANNOT_TELL, says_cannot_tell, without_cannot_tell
from dermatrust.clinic.differential_german import in_english_forms
from dermatrust.clinic.differential_json import read_json
from dermatrust.clinic.differential_lines import LineDifferential, before_list, read_lines
from dermatrust.clinic.differential_names import Entry, fraction, read_entry, split_names
from dermatrust.clinic.differential_prose import read_prose, read_verdict
from dermatrust.clinic.differential_wording import favourite_first, without_generalities
from dermatrust.clinic.ladder import diagnosis_said, exact_key
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.narrate.text import said_aloud

Form = Literal["json", "list", "prose", "none"]
"""How a reply gave its differential; "none" where it names no diagnosis."""

LONGEST_REPLY = 100_000
"""Characters. Of a longer reply only the end is read."""
_NO_NAME = re.compile(
    r"""^(?: unknown | unclear | uncertain | undetermined | indeterminate | none | n/?a | null | unspecified
    | inconclusive | not\ .* | \(.*\) | first | second | third | fourth | fifth
    | (?:insufficient|cannot|can't|unable|not\ enough|confidence)\b.*
    | no\ (?:diagnosis|other|further|additional)\b.* | others? | etc | differential(?:\ diagnos[ie]s)? | diagnos[ie]s
    | (?:(?:and|but|or|as|so|that|which|then)\ )*(?:i|ich|we)(?:'\w+)?(?:\ .*)? | [ivx]{1,4}  # who speaks; numerals
    | (?:i(?:'m|\ am)\ )?(?:so\ |very\ )?sorry | apologies | unfortunately | yes | no(?:\ (?:idea|comment))? | nothing
    | (?:request\ )?(?:denied|declined|refused) | ok(?:ay)?  # a refusal, or manners
    | (?:hello|hi|hey|hallo|greetings|bonjour|hola|moin|servus)(?:\ (?:there|everyone|doctor|zusammen))?
    | (?:good|guten?)\ (?:morning|afternoon|evening|day|morgen|tag|abend) | please | bitte | (?:you're\ )?welcome
    | (?:many\ )?thanks?(?:\ you)?(?:\ (?:for|so|very)\b.*)? | danke(?:\ .*)? | vielen\ dank(?:\ .*)?
    | sure(?:\ thing)? | of\ course | certainly | absolutely | understood | noted | got\ it | (?:all\ ?)?right
    | (?:great|good)(?:\ (?:question|case))? | happy\ to\b.* | here\ you\ go | hmm* | gerne? | natürlich | verstanden
    | (?:es\ )?tut\ mir\ leid | entschuldigung | leider | nein | ja
    | \W* | \d+%? )$""",
    re.VERBOSE | re.IGNORECASE,
)
_CONFIDENCE = re.compile(
    r"""\b(?:overall\ |diagnostic\ |my\ )?(?:confidence|certainty)
    (?:\ (?:level|score|in\ (?:the\ |my\ )?(?:first|top|primary|leading|main)?\ ?(?:diagnosis|choice)))?
    [\s*_"]*(?:is|of|:|=|≈|~)[\s*_"]*(?:about\ |approximately\ |~)?
    (?P<value>\d[\d.,]*\s*(?:[-–]\s*\d+\s*)?(?:%|percent|/\s*100?)?)""",
    re.VERBOSE | re.IGNORECASE,
)
_HAS_CONFIDENCE = re.compile(r"[Cc]onfidence|CONFIDENCE|[Cc]ertainty")
_PROSE_WORD = re.compile(r"\b(?:is|are|was|shows?|favou?rs?|suggests?|the|this|an?)\b")
_VERSUS = re.compile(r"\s+vs\.\s+")
_ANY_LABEL = re.compile(r"^[^:\n]{1,30}:\s+(?=\S)")
_A_NAME_OR_SOME = re.compile(r"^[^.!?\n]{2,200}[.!]?$")


@dataclass(frozen=True, slots=True)
class DifferentialReply:
    """What one reply says.

    Attributes:
        diagnoses: The differential, likeliest first, in the words of the model; two names of one disease are one
            entry, at the better of their ranks.
        probabilities: The stated probability of each, 0 to 1, in the same order; empty unless every entry has one.
        confidence: The stated confidence in the first diagnosis, 0 to 1: what the reply calls so, else the probability
            of its first entry; None where it gives no number ("high").
        cannot_tell: Whether it says that what it was given does not suffice and commits to nothing, or sets the flag
            that our prompt offers.
        form: How the differential was given.
    """

    diagnoses: tuple[str, ...] = ()
    probabilities: tuple[float, ...] = ()
    confidence: float | None = None
    cannot_tell: bool = False
    form: Form = "none"


def read_differential_reply(text: str, lexicon: Lexicon | None = None) -> DifferentialReply:
    r"""Read a differential from a reply, whatever it looks like: JSON, a list, a table, phrases, or a narrative.

    Entries are ranked by their stated probabilities where every entry has one, else they keep their order. What stands
    in `<think>` is not read. Never raises, and never guesses: a reply that names no disease has no diagnoses.

    Args:
        text: The reply.
        lexicon: Which names mean one disease; the packaged one if not given.

    Example:
        >>> reply = read_differential_reply("1. Tinea corporis (20%)\n2. **Psoriasis** (70%): silvery scale")
        >>> reply.diagnoses, reply.confidence
        (('Psoriasis', 'Tinea corporis'), 0.7)
        >>> read_differential_reply("I cannot tell from this image.").cannot_tell
        True
    """
    return _read(text, lexicon or load_lexicon())


@lru_cache(maxsize=1 << 10)  # few texts come twice, and each takes some kilobytes
def _read(text: str, lexicon: Lexicon) -> DifferentialReply:
    said = said_aloud(text[-LONGEST_REPLY:]).replace("’", "'")
    found = read_json(said, lexicon)
    entries, confidence = found.entries, found.confidence
    form: Form = "json"
    if not found.says_something:
        said = in_english_forms(said)
        entries, form = _from_text(said, lexicon)
        stated = _CONFIDENCE.search(said) if _HAS_CONFIDENCE.search(said) else None
        confidence = fraction(stated["value"]) if stated else None
    kept = _ranked(_merged(entries, lexicon))
    cannot_tell = found.cannot_tell
    if cannot_tell is None:
        cannot_tell = not kept and says_cannot_tell(said)
    return DifferentialReply(
        diagnoses=tuple(entry.name for entry in kept),
        probabilities=_probabilities(kept),
        confidence=confidence if confidence is not None or not kept else kept[0].probability,
        cannot_tell=cannot_tell,
        form=form if kept else "none",
    )


def _from_text(said: str, lexicon: Lexicon) -> tuple[tuple[Entry, ...], Form]:
    """Read lists and phrases; where they name nothing that the lexicon knows, the narrative decides."""
    committed = without_generalities(favourite_first(without_cannot_tell(_VERSUS.sub(" vs ", said))))
    lines = read_lines(committed, lexicon)
    entries = tuple(entry for entry in (*lines.leads, *lines.listed) if not _NO_NAME.match(entry.name))
    is_known = any(diagnosis_said(entry.name, lexicon) for entry in entries)
    if lines.listed and is_known:
        return (*_first_of_all(lines, committed, lexicon), *entries), "list"
    prose = read_prose(committed, lexicon)
    if lines.listed and lines.is_headed and entries and not prose:
        return entries, "list"
    if is_known or (entries and lines.leads):
        return (*entries, *prose), "prose" if prose else "list"
    if prose and not _is_bare(committed, lexicon):
        return prose, "prose"
    return (entries or (() if CANNOT_TELL.search(said) else _bare(committed, lexicon))), "list"


def _first_of_all(lines: LineDifferential, text: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    """Return what stands above a list that names no first diagnosis: a verdict behind its items, or one before it."""
    if lines.leads:
        return ()
    if lines.has_items:
        return read_verdict("\n".join(lines.behind), lexicon)
    return read_prose(before_list(text), lexicon)[:1]


def _is_bare(text: str, lexicon: Lexicon) -> bool:
    """Whether a reply is a name or some names, and no sentence."""
    text = text.strip()
    if not _A_NAME_OR_SOME.match(text):
        return False
    parts = split_names(text, lexicon)
    return all(len(part.split()) <= 6 and not _PROSE_WORD.search(part) for part in parts)


def _bare(text: str, lexicon: Lexicon) -> tuple[Entry, ...]:
    if not _is_bare(text, lexicon) or BY_POLICY.search(text):
        return ()
    parts = split_names(_ANY_LABEL.sub("", text.strip()), lexicon)
    return tuple(entry for part in parts for entry in read_entry(part, lexicon))


def _merged(entries: Iterable[Entry], lexicon: Lexicon) -> list[Entry]:
    """Return each disease once, at its first place, with the first probability stated for it."""
    first: dict[object, Entry] = {}
    for entry in entries:
        if _NO_NAME.match(entry.name):
            continue
        known = diagnosis_said(entry.name, lexicon)
        key = known.id if known else exact_key(entry.name)
        earlier = first.get(key)
        if earlier is None:
            first[key] = entry
        elif earlier.probability is None and entry.probability is not None:
            first[key] = earlier._replace(probability=entry.probability)
    return list(first.values())


def _ranked(entries: list[Entry]) -> list[Entry]:
    if all(entry.probability is not None for entry in entries):
        return sorted(entries, key=lambda entry: -(entry.probability or 0.0))
    return entries


def _probabilities(entries: Iterable[Entry]) -> tuple[float, ...]:
    stated = [entry.probability for entry in entries]
    given = tuple(value for value in stated if value is not None)
    return given if len(given) == len(stated) else ()
