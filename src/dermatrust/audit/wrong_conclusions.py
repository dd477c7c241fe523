"""Errors of conclusion: another disease, none, no alternatives, an argument for something else."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from dermatrust.audit.draft import Draft, Occasion
from dermatrust.audit.edits import Edit, clauses, insertion_before, swap
from dermatrust.audit.labels import RELATED, nearness
from dermatrust.audit.passage import Content, Passage
from dermatrust.audit.wrong_findings import shuffled
from dermatrust.judge.lexical_conclusion import Named, is_dismissed, within
from dermatrust.lexicon import Diagnosis, Lexicon
from dermatrust.lexicon.forms import is_form_of

_OTHER_DISEASE = frozenset({"named", "concluded", "favoured"})
_LONGEST_NAME = 40
_MOST_TRIED = 8
_BRACKET = re.compile(r"[*_\s]*\([*_\s]*")
_BRACKET_END = re.compile(r"[*_\s]*\)")
_OTHERS = re.compile(
    r"\bother (?:\w+ ){0,2}?(?:diagnos[ei]s|conditions?|possibilit\w+|differentials?|causes?|entities)\b", re.IGNORECASE
)
"""What begins a list of diseases that are not the answer."""
_ADJECTIVE = re.compile(r"(?:ous|iatic|etic)$", re.IGNORECASE)
"""How a name ends that is no noun, so that no other name can take its place: "eczematous", "psoriatic"."""
_SHORT_FORM = re.compile(r"[*_]{0,2}\s*\(([A-Z][A-Za-z]*[A-Z]s?)\)")
"""Behind a name: the abbreviation by which the text calls the disease from there on."""


def same_family(occasion: Occasion) -> Iterator[Draft]:
    """Propose to put a near relative, as urgent as the truth, everywhere in the true disease's place."""
    return _replaced(occasion, [d for d in _others(occasion) if is_relative(d, occasion.truth)])


def other_family(occasion: Occasion) -> Iterator[Draft]:
    """Propose to put a harmless disease of another family everywhere in the true one's place."""
    truth = occasion.truth
    rivals = [d for d in _others(occasion) if truth and d.family[0] != truth.family[0]]
    return _replaced(occasion, [d for d in rivals if d.urgency == "routine" and not d.malignant])


def is_relative(a: Diagnosis, b: Diagnosis | None) -> bool:
    """Whether two diseases are of one branch and equally pressing, so that only the name is wrong."""
    if b is None:
        return False
    return (a.family[:2], a.urgency, a.malignant) == (b.family[:2], b.urgency, b.malignant)


def _others(occasion: Occasion) -> list[Diagnosis]:
    """Return the diseases the text does not name, and that are no form of one it names, in random order."""
    lexicon = occasion.passage.lexicon
    named = {one.diagnosis.id: one.diagnosis for one in occasion.passage.named}
    label = lexicon.diagnosis(occasion.case.label) if occasion.case.label else None
    known = [*named.values(), *([label] if label else [])]
    plain = [d for d in lexicon.diagnoses.values() if len(d.name) <= _LONGEST_NAME and not set(d.name) & set("(/,")]
    return [d for d in shuffled(plain, occasion) if not any(is_form_of(d, one, lexicon) for one in known)]


def _replaced(occasion: Occasion, rivals: list[Diagnosis]) -> Iterator[Draft]:
    """Propose each rival in the true disease's place, unless a near relative beside it would still give it away."""
    places = [] if _names_a_relative(occasion) else _true_names(occasion)
    for rival in rivals[:_MOST_TRIED] if places else ():
        edits = _renamed(occasion, places, rival)
        yield Draft(edits, rival.name, _OTHER_DISEASE, lambda _, b, r=rival: b.concluded == {r.id})  # type: ignore[misc]


def _renamed(occasion: Occasion, places: list[Named], rival: Diagnosis) -> tuple[Edit, ...]:
    """Return the edits that put another disease here; none where the text would then not stay sound but for the name.

    An abbreviation would give the old disease away, and so would an adjective of it. A name that is set aside somewhere
    would then be set aside and concluded, and a special name beside a general one would stand twice in a sentence; in
    brackets it is left out.
    """
    passage, edits = occasion.passage, []
    explained = [b for a, b in pairwise(places) if _is_explained(passage, a, b)]
    if any(_is_set_aside(passage, one) for one in places) or _are_told_apart(passage, places, explained):
        return ()
    for one in places:
        if one in explained:
            opening, closing = places[places.index(one) - 1].end, _BRACKET_END.match(passage.text, one.end)
            if closing is None:
                return ()
            edits.append(Edit(opening, closing.end(), ""))
            continue
        short = _SHORT_FORM.match(passage.text, one.end)
        if short and len(re.findall(rf"\b{short[1]}\b", passage.text)) > 1:
            return ()
        name = swap(passage, one.start, one.end, rival.name)
        edits += [name, *([Edit(short.start(1) - 1, short.end(), "")] if short else [])]
    return tuple(edits)


def _true_names(occasion: Occasion) -> list[Named]:
    """Return where the true disease, or a form of it, is named."""
    truth, lexicon = occasion.truth, occasion.passage.lexicon
    return [one for one in occasion.passage.named if truth and is_form_of(one.diagnosis, truth, lexicon)]


def _names_a_relative(occasion: Occasion) -> bool:
    """Whether a sentence that names the true disease holds another of its group, or the true name explains another.

    "Severe cystic acne (acne conglobata)" would still be right with another disease in the place of either name.
    """
    truth, passage = occasion.truth, occasion.passage
    places = _true_names(occasion)
    argued = {passage.sentences.index(one.start) for one in places}
    others = [one for one in passage.named if one.status in ("affirmed", "hedged") and one not in places]
    return truth is not None and any(
        (passage.sentences.index(one.start) in argued and _nearness(one.diagnosis, truth, passage.lexicon) >= RELATED)
        or any(_is_explained(passage, one, place) or _is_explained(passage, place, one) for place in places)
        for one in others
    )


def _is_set_aside(passage: Passage, one: Named) -> bool:
    """Whether a mention cannot take another name: it is denied or dismissed, an adjective or a plural."""
    said = passage.text[one.start : one.end]
    singulars = {name.casefold() for name in (one.diagnosis.name, *one.diagnosis.synonyms)}
    is_plural = said.endswith("s") and said[:-1].casefold() in singulars
    is_plural = is_plural or (said.endswith("es") and f"{said[:-2]}is".casefold() in singulars)
    is_adjective = is_plural or _ADJECTIVE.search(said) is not None
    start, _ = passage.sentence(one.start)
    is_listed = _OTHERS.search(passage.text, start, one.start) is not None
    return is_adjective or is_listed or one.status == "negated" or is_dismissed(passage.sentences, one)


def _are_told_apart(passage: Passage, places: Sequence[Named], explained: Sequence[Named]) -> bool:
    """Whether a sentence calls the disease by two names, brackets aside: "eczema, specifically hand eczema"."""
    names: dict[int, set[str]] = {}
    for one in places:
        if one not in explained:
            said = passage.text[one.start : one.end].casefold()
            names.setdefault(passage.sentences.index(one.start), set()).add(said)
    return any(len(said) > 1 for said in names.values())


def _nearness(a: Diagnosis, b: Diagnosis, lexicon: Lexicon) -> float:
    return max(nearness(a, [b], lexicon), nearness(b, [a], lexicon))


def _is_explained(passage: Passage, first: Named, second: Named) -> bool:
    return first.end <= second.start and _BRACKET.fullmatch(passage.text, first.end, second.start) is not None


def no_diagnosis(occasion: Occasion) -> Iterator[Draft]:
    """Propose to take out every sentence that names the true disease; no finding and no alternative may go with them.

    Without a conclusion the lexicon takes what is said of the alternatives for this skin's, so findings may be gained.
    """
    ids = {one.diagnosis.id for one in _true_names(occasion)}
    if ids:
        parts = _OTHER_DISEASE | {"claims", "denied", "torn"}
        edits = _without(occasion, _true_names(occasion))
        yield Draft(edits, "", parts, lambda a, b: b.named == a.named - ids and a.features <= b.features)


def no_differential(occasion: Occasion) -> Iterator[Draft]:
    """Propose to take out every sentence that names another disease than the true one.

    No finding and no argument for the true disease may go with them; what they say to be absent, as a reason, may.
    """
    sentences = occasion.passage.sentences
    argued = {sentences.index(one.start) for one in _true_names(occasion)}
    true = {one.diagnosis.id for one in _true_names(occasion)}
    others = [one for one in occasion.passage.named if one.diagnosis.id not in true]
    if true and others and not any(sentences.index(one.start) in argued for one in others):
        parts = frozenset({"named", "denied"})
        edits = _without(occasion, others)
        yield Draft(edits, "", parts, lambda a, b: bool(b.named) and b.named <= true and b.denied <= a.denied)


def _without(occasion: Occasion, places: list[Named]) -> tuple[Edit, ...]:
    whole = (list(clauses(occasion.passage, one.start))[-1] for one in places)
    return tuple(dict.fromkeys(edit for edits in whole for edit in edits))


def contradictions(occasion: Occasion) -> Iterator[Draft]:
    """Propose to let the reasoning argue for a relative of the true disease, which stays the conclusion."""
    passage, places = occasion.passage, _true_names(occasion)
    argued = [one for one in places if not within(one.start, passage.closing)]
    rivals = [d for d in _others(occasion) if is_relative(d, occasion.truth)][:_MOST_TRIED]
    for rival in rivals if passage.closing and argued else ():
        edits = _renamed(occasion, argued, rival)
        yield Draft(edits, rival.name, _OTHER_DISEASE, lambda a, b, r=rival: _is_torn(a, b, r))  # type: ignore[misc]
    for rival in rivals if places else ():
        sentence = f"All of these findings together argue for {rival.name}."
        edit = insertion_before(passage, passage.conclusion.start, sentence)
        yield Draft((edit,), rival.name, _OTHER_DISEASE, lambda a, b, r=rival: _is_torn(a, b, r))  # type: ignore[misc]


def _is_torn(before: Content, after: Content, rival: Diagnosis) -> bool:
    return after.concluded == before.concluded and rival.id in after.named
