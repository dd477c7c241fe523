"""What two datasets, or the splits of one, share: a model that has seen the one is no stranger to the other.

Texts are compared by runs of 13 words. That is the length by which the makers of GPT-3 searched their training data for
benchmark items, and a run that long hardly recurs unless a text was copied or comes from the same template. Runs that
stand in more than a few texts are stock phrases and prove nothing about two of them, so they are left out. Containment
is the share of the shorter text's runs that the other holds. From 70 % on a text is called a copy: the share from which
the makers of PaLM called an item contaminated (they used runs of 8 words). Below that, texts by one model share single
stock sentences, so a passage is only reported from 5 % on, some thirty words of an ordinary reference; with 0, one run
is enough, which is the rule for GPT-3. The 5 % and the limit to stock phrases are our choice.

Reference:
    Brown et al. (2020), appendix C, https://arxiv.org/abs/2005.14165;
    Chowdhery et al. (2022), section 8, https://arxiv.org/abs/2204.02311.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, get_args

from dermatrust.audit.shingles import Shingles, words_in
from dermatrust.datasets.counted import counted
from dermatrust.datasets.fingerprint import Fingerprint, fingerprints, near_pairs
from dermatrust.errors import DataError
from dermatrust.lexicon.sentences import without_markup
from dermatrust.records import Case
from dermatrust.store.folder import DatasetFolder

Way = Literal["same file", "near picture", "patient", "file family", "copied text", "shared words"]
"""How two sides are connected.

same file     an image with the same bytes
near picture  two images whose perceptual hashes differ in at most 6 of 64 bits
patient       the same patient id
file family   the same family of near-duplicate files
copied text   a text of one side holds most of a text of the other
shared words  two texts share runs of 13 words, enough of them to be a passage
"""
WAYS: tuple[Way, ...] = get_args(Way)
RUN = 13
"""Words in a run."""
COPIED = 0.7
"""Containment from which a text is a copy."""
PASSAGE = 0.05
"""Containment from which shared runs are reported unless asked otherwise."""
STOCK = 5
"""Runs in more texts than this are stock phrases."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One thing that two sides share.

    Attributes:
        way: How they are connected.
        a: Case on the first side.
        side_a: The first side: name of a dataset or of a split.
        b: Case on the second side.
        side_b: The second side.
        shared: What is shared: a file's hash, an id, or the longest run of words.
        strength: How much, in words.
    """

    way: Way
    a: str
    side_a: str
    b: str
    side_b: str
    shared: str
    strength: str


@dataclass(frozen=True, slots=True)
class LeakageAudit:
    """What the search for leaks found.

    Attributes:
        sides: Name of each side to its number of cases.
        n_compared: How many cases could be compared in each way; 0 means that nothing is known.
        leaks: Every connection, in the order of `WAYS`.
        remarks: What the reader should know, such as images that could not be read.
    """

    sides: dict[str, int]
    n_compared: dict[Way, int]
    leaks: tuple[Leak, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A case on its side, with its folder and its texts."""

    case: Case
    side: str
    folder: Path
    texts: tuple[str, ...]


def audit_leakage(
    folder: DatasetFolder, other: DatasetFolder | None = None, *, min_containment: float = PASSAGE
) -> LeakageAudit:
    """Compare two datasets, or the splits of one, in every way.

    Args:
        folder: A dataset. Its references and its candidate narratives are both texts of their case.
        other: Another one; without it the splits of the first are compared, and cases in no split are left out.
        min_containment: Share of the shorter text's runs from which two texts are reported; 0 for a single run.

    Raises:
        DataError: There is nothing to compare: the dataset has fewer than two splits, or the two are one folder.
    """
    if other is not None and other.path.resolve() == folder.path.resolve():
        raise DataError(str(folder.path), "is compared with itself", do="Leave OTHER out to compare its splits.")
    placed = list(_by_split(folder)) if other is None else _by_dataset(folder, other)
    sides = dict(Counter(one.side for one in placed))
    if len(sides) < 2:
        what = f"has only the split {', '.join(sides)}" if sides else "has no splits"
        raise DataError(str(folder.path), what, "two splits", "Split it, or name another dataset to compare with.")
    remarks: list[str] = []
    if other is None and (n_left := folder.n_cases - len(placed)):
        remarks.append(f"{counted(n_left, 'case')} in no split, not compared.")
    prints = _fingerprints(placed, remarks)
    leaks = [
        *_images(placed, prints),
        *_shared_ids(placed, "patient", lambda case: case.patient_id),
        *_shared_ids(placed, "file family", lambda case: case.file_family),
        *_texts(placed, min_containment),
    ]
    leaks.sort(key=lambda leak: (WAYS.index(leak.way), leak.a, leak.b))
    return LeakageAudit(sides, _n_compared(placed, prints), tuple(leaks), tuple(remarks))


def _by_split(folder: DatasetFolder) -> Iterator[_Placed]:
    texts = _case_texts(folder)
    for case in folder.iter_cases():
        if case.split is not None:
            yield _Placed(case, case.split, folder.path, tuple(texts[case.id]))


def _by_dataset(a: DatasetFolder, b: DatasetFolder) -> list[_Placed]:
    names = (a.card.name, b.card.name)
    if names[0] == names[1]:
        names = (str(a.path), str(b.path))
    return [
        _Placed(case, name, folder.path, tuple(texts[case.id]))
        for name, folder in zip(names, (a, b), strict=True)
        for texts in [_case_texts(folder)]
        for case in folder.iter_cases()
    ]


def _case_texts(folder: DatasetFolder) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for narrative in (*folder.iter_references(), *folder.iter_narratives()):
        texts[narrative.case_id].append(narrative.text)
    return texts


def _fingerprints(placed: Sequence[_Placed], remarks: list[str]) -> list[tuple[int, Fingerprint]]:
    """Return the place of a case and the fingerprint of one of its images, for every image that can be read."""
    owners = [(place, name) for place, one in enumerate(placed) for name in one.case.file_names]
    found = fingerprints((name, placed[place].folder / name) for place, name in owners)
    prints: list[tuple[int, Fingerprint]] = []
    errors: list[DataError] = []
    for (place, _), (_, result) in zip(owners, found, strict=True):
        if isinstance(result, DataError):
            errors.append(result)
        else:
            prints.append((place, result))
    if errors:
        remarks.append(f"{len(errors)} of {len(owners)} images could not be read; the first: {errors[0]}")
    return prints


def _images(placed: Sequence[_Placed], prints: Sequence[tuple[int, Fingerprint]]) -> Iterator[Leak]:
    same: dict[str, list[int]] = defaultdict(list)
    for place, found in prints:
        same[found.sha256].append(place)
    told = set()
    for digest, places in same.items():
        for a, b in _across(placed, places):
            told.add((a, b))
            yield _leak("same file", placed, a, b, f"SHA-256 {digest[:16]}…", "every byte")
    hashed = [(place, found.perceptual) for place, found in prints if found.perceptual is not None]
    nearest: dict[tuple[int, int], int] = {}
    for i, j in near_pairs([value for _, value in hashed]).tolist():
        (a, hash_a), (b, hash_b) = hashed[i], hashed[j]
        pair = (min(a, b), max(a, b))
        if placed[a].side != placed[b].side and pair not in told:
            nearest[pair] = min(nearest.get(pair, 64), (hash_a ^ hash_b).bit_count())
    for (a, b), n_bits in nearest.items():
        yield _leak("near picture", placed, a, b, "picture", f"{n_bits} of 64 bits differ")


def _shared_ids(placed: Sequence[_Placed], way: Way, id_of: Callable[[Case], str | None]) -> Iterator[Leak]:
    """Yield one leak for each id and pair of sides, not for each pair of cases: a family of 50 is one fault."""
    holders: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(placed):
        if (name := id_of(one.case)) is not None:
            holders[name].append(place)
    for name, places in holders.items():
        first = {placed[place].side: place for place in reversed(places)}
        counts = Counter(placed[place].side for place in places)
        for a, b in _across(placed, sorted(first.values())):
            n_a, n_b = counts[placed[a].side], counts[placed[b].side]
            yield _leak(way, placed, a, b, name, f"{n_a} and {counted(n_b, 'case')}")


def _across(placed: Sequence[_Placed], places: Sequence[int]) -> Iterator[tuple[int, int]]:
    unique = list(dict.fromkeys(places))
    yield from ((a, b) for a, b in product(unique, unique) if a < b and placed[a].side != placed[b].side)


def _texts(placed: Sequence[_Placed], least: float) -> Iterator[Leak]:
    owners = [place for place, one in enumerate(placed) for _ in one.texts]
    shingles = Shingles([without_markup(text) for one in placed for text in one.texts], n=RUN)
    names = sorted({one.side for one in placed})
    side = [names.index(placed[owner].side) for owner in owners]
    told = set()
    for pair in shingles.pairs(least=COPIED, side=side):
        a, b = owners[pair.a], owners[pair.b]
        if (a, b) not in told:
            told.add((a, b))
            shared = shingles.shared_text(pair.a, pair.b)
            yield _leak("copied text", placed, a, b, shared, f"{pair.containment:.0%} of the shorter text")
    for pair in shingles.pairs(least=least, most_texts=STOCK, side=side):
        a, b = owners[pair.a], owners[pair.b]
        if (a, b) not in told:
            told.add((a, b))
            runs = f"{counted(pair.n_shared, 'run')} of {RUN} words, {pair.containment:.0%} of the shorter text"
            yield _leak("shared words", placed, a, b, shingles.shared_text(pair.a, pair.b), runs)


def _leak(way: Way, placed: Sequence[_Placed], a: int, b: int, shared: str, strength: str) -> Leak:
    one, two = placed[a], placed[b]
    return Leak(way, one.case.id, one.side, two.case.id, two.side, shared, strength)


def _n_compared(placed: Sequence[_Placed], prints: Sequence[tuple[int, Fingerprint]]) -> dict[Way, int]:
    seen = len({place for place, _ in prints})
    told = sum(any(len(words_in(without_markup(text))) >= RUN for text in one.texts) for one in placed)
    hashed = len({place for place, found in prints if found.perceptual is not None})
    return {
        "same file": seen,
        "near picture": hashed,
        "patient": sum(one.case.patient_id is not None for one in placed),
        "file family": sum(one.case.file_family is not None for one in placed),
        "copied text": told,
        "shared words": told,
    }
