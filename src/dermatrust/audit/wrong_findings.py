"""Errors of description: a finding swapped, denied, left out or invented, a wrong colour, a wrong site."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from dermatrust.audit import tables
from dermatrust.audit.draft import Draft, Occasion
from dermatrust.audit.edits import Edit, clauses, insertion, swap
from dermatrust.audit.passage import Content, Passage
from dermatrust.audit.twins import n_words
from dermatrust.lexicon import Concept, Lexicon, Mention

_CLAIMS = frozenset({"claims"})
_DENIED = frozenset({"claims", "denied"})
_NOUN = re.compile(
    r"(?:scal(?:e|ing|iness)|flaking|desquamation|crust(?:s|ing)?|erosions?|ulcers?|ulceration|vesicles?|pustules?|bullae?"
    r"|blisters?|blistering|papules?|plaques?|patch(?:es)?|nodules?|macules?|telangiectasias?|telangiectases|fissures?|fissuring"
    r"|atrophy|excoriations?|lichenification|exudate|exudation|oozing|weeping|discharge|o?edema|swelling|puffiness"
    r"|induration|hyperkeratosis|necrosis|comedones|purpura|petechiae|bruising|erythema|redness|pruritus|itch(?:ing)?"
    r"|pain|tenderness|warmth|hair loss|scar(?:s|ring)?|wheals?|cysts?|burrows?|maceration|hyperpigmentation"
    r"|hypopigmentation|collarette)"
)
"""Findings that "no" can be put before."""
_HAS = re.compile(
    r"\b(?:there (?:is|are)|with|shows?|showing|notes?|sees|has|have|had|reveals?|displays?|exhibits?|demonstrates?)\s+"
    r"(?P<some>(?:an?|some|the|several|multiple|numerous|visible)\s+)?$",
    re.IGNORECASE,
)
_IS_THERE = re.compile(r"\s+(?:is|are)(?=\s+(?:also\s+)?(?:present|seen|noted|visible|found|evident|observed)\b)")
_ADJECTIVE = re.compile(r"(?:al|ar|ary|palmar|plantar|oral|ocular)$")
_HAS_SIDES = re.compile(r"\b(?:left|right|both|bilateral|each)\s+$", re.IGNORECASE)
_BESIDE = re.compile(r"[\s/,&-]*(?:and |or )?")
_LONGEST_CLAUSE = 12
"""Words of a clause that may go for the sake of one finding."""
_PLURAL = ("s", "ae", "comedones")
_SINGULAR_ENDINGS = ("sis", "tus", "ess")
_SINGULAR_S = ("penis", "anus", "umbilicus", "philtrum", "helix", "canthus", "glans", "pelvis")
T = TypeVar("T")


def wrong_findings(occasion: Occasion) -> Iterator[Draft]:
    """Propose to swap a finding for its opposite, wherever the text affirms it of this skin."""
    return _swaps(occasion, tables.opposites("finding"))


def wrong_colours(occasion: Occasion) -> Iterator[Draft]:
    """Propose to swap a colour for another."""
    return _swaps(occasion, tables.opposites("colour"))


def _swaps(occasion: Occasion, table: Mapping[str, Sequence[str]]) -> Iterator[Draft]:
    passage, rng = occasion.passage, occasion.rng
    for concept in shuffled(held_concepts(passage), occasion):
        places = passage.held(concept)
        choices = [table.get(_phrase(passage, m), ()) for m in places]
        if all(choices):
            edits = tuple(
                swap(passage, m.start, m.end, words[int(rng.integers(len(words)))])
                for m, words in zip(places, choices, strict=True)
            )
            yield Draft(edits, concept.name, _CLAIMS, lambda a, b, c=concept: _is_exchanged(a, b, c))  # type: ignore[misc]


def wrong_sites(occasion: Occasion) -> Iterator[Draft]:
    """Propose to move what the text describes to a site of another region."""
    passage, lexicon = occasion.passage, occasion.passage.lexicon
    concepts = [c for c in held_concepts(passage) if c.kind == "site"]
    regions = {lexicon.groups[c.id] for c in concepts}
    for concept in shuffled(concepts, occasion):
        places = passage.held(concept)
        if any(_ADJECTIVE.search(_phrase(passage, m)) for m in places):
            continue
        for site, plural in shuffled(tables.sites(), occasion):
            other = _concept(site, lexicon)
            if other is None or lexicon.groups[other.id] in regions or passage.is_mentioned(other):
                continue
            if edits := _moved(passage, places, site, plural):
                yield Draft(edits, concept.name, _CLAIMS, lambda a, b, c=concept: _is_exchanged(a, b, c))  # type: ignore[misc]


def _moved(passage: Passage, places: Sequence[Mention], site: str, plural: str) -> tuple[Edit, ...]:
    """Return the edits that put a site in these places, none where number or sides do not fit, or twice in a row."""
    if any(_BESIDE.fullmatch(passage.text, a.end, b.start) for a, b in pairwise(places)):
        return ()
    edits = []
    for m in places:
        phrase = _phrase(passage, m)
        is_plural = phrase.endswith("s") and phrase not in _SINGULAR_S
        if not plural and (is_plural or _HAS_SIDES.search(passage.text[: m.start])):
            return ()
        edits.append(swap(passage, m.start, m.end, plural if is_plural else site))
    return tuple(edits)


def missing_findings(occasion: Occasion) -> Iterator[Draft]:
    """Propose to leave out a finding that the text gives once."""
    passage = occasion.passage
    for concept in shuffled(held_concepts(passage), occasion):
        places = passage.held(concept)
        if len(places) == 1 and len([m for m in passage.mentions if m.concept == concept]) == 1:
            for edits in _removals(passage, places[0]):
                yield Draft(tuple(edits), concept.name, _CLAIMS, lambda a, b, c=concept: _is_lost(a, b, c))  # type: ignore[misc]


def _removals(passage: Passage, place: Mention) -> Iterator[list[Edit]]:
    """Yield ways to take one mention out: its whole clause, or the word with what joins it to its neighbour.

    A clause that is long, or gives another feature, says more than a finding, so it stays.
    """
    text = passage.text
    for edits in clauses(passage, place.start):
        gone = [m for m in passage.own for edit in edits if edit.start <= m.start < edit.end]
        if len(gone) <= 1 and sum(n_words(text[edit.start : edit.end]) for edit in edits) <= _LONGEST_CLAUSE:
            yield edits
    for first, second in pairwise(passage.mentions):
        between = text[first.end : second.start]
        if first == place and between in (", ", " "):
            is_listed = between == " " and text[: first.start].endswith(", ")
            yield [Edit(first.start - 2, second.start, " ") if is_listed else Edit(first.start, second.start, "")]
        if second == place and between in (" and ", ", and ", ", ") and text[second.end : second.end + 1] in ".,;)":
            yield [Edit(first.end, second.end, "")]


def denied_findings(occasion: Occasion) -> Iterator[Draft]:
    """Propose to say of a finding that it is absent."""
    passage = occasion.passage
    for concept in shuffled(held_concepts(passage), occasion):
        places = passage.held(concept)
        if len(places) != 1 or not _NOUN.fullmatch(_phrase(passage, places[0])):
            continue
        for edits in (*_negations(passage, places[0]), *_replaced_by_denial(passage, places[0])):
            yield Draft(tuple(edits), concept.name, _DENIED, lambda a, b, c=concept: _is_denied(a, b, c))  # type: ignore[misc]


def _negations(passage: Passage, place: Mention) -> Iterator[list[Edit]]:
    text, phrase = passage.text, passage.text[place.start : place.end]
    if verb := _HAS.search(text, 0, place.start):
        start = verb.start("some") if verb["some"] else place.start
        yield [Edit(start, place.end, f"no {phrase}")]
    if verb := _IS_THERE.match(text, place.end):
        yield [Edit(place.start, verb.end(), f"{phrase}{verb.group()} not")]


def _replaced_by_denial(passage: Passage, place: Mention) -> Iterator[list[Edit]]:
    """Yield ways to take the mention out and deny it behind its sentence."""
    phrase = _phrase(passage, place)
    denial = (
        f"There {'are' if phrase.endswith(_PLURAL) and phrase[-3:] not in _SINGULAR_ENDINGS else 'is'} no {phrase}."
    )
    _, end = passage.sentence(place.start)
    for edits in _removals(passage, place):
        behind = max(end, edits[-1].end)
        yield [*edits, Edit(behind, behind, f" {denial}")]


def invented_findings(occasion: Occasion) -> Iterator[Draft]:
    """Propose to add a finding that the text speaks of nowhere, behind its description."""
    passage = occasion.passage
    before = [m.end for m in passage.own if m.status == "affirmed" and m.start < passage.first_diagnosis]
    if not before:
        return
    for sentence in shuffled(tables.sentences("invented"), occasion):
        found = passage.lexicon.mentions(sentence)
        if not any(passage.is_mentioned(m.concept) for m in found):
            edit = insertion(passage, before[-1] - 1, sentence)
            yield Draft((edit,), found[0].concept.name, _CLAIMS, lambda a, b: a.claims < b.claims)


def held_concepts(passage: Passage) -> list[Concept]:
    """Return the features plainly affirmed of this skin, not only of a disease, each once, in the order of the text."""
    sure = {concept for concept, strength in passage.content.claims if strength == 1.0}
    particular = (m.concept for m in passage.own if m.status == "affirmed" and not passage.is_general(m.start))
    return [c for c in dict.fromkeys(particular) if c in sure]


def shuffled(items: Sequence[T], occasion: Occasion) -> list[T]:
    """Return the items in an order drawn by chance."""
    return [items[k] for k in occasion.rng.permutation(len(items))]


def _phrase(passage: Passage, mention: Mention) -> str:
    return " ".join(passage.text[mention.start : mention.end].lower().split())


def _concept(phrase: str, lexicon: Lexicon) -> Concept | None:
    found = lexicon.mentions(phrase)
    return found[0].concept if found else None


def _is_exchanged(before: Content, after: Content, concept: Concept) -> bool:
    gained = after.features - before.features
    return before.features - after.features == {concept} and len(gained) == 1


def _is_lost(before: Content, after: Content, concept: Concept) -> bool:
    return before.features - after.features == {concept} and after.claims < before.claims


def _is_denied(before: Content, after: Content, concept: Concept) -> bool:
    return _is_lost(before, after, concept) and after.denied - before.denied == {concept}
