"""A referral that names a wrong diagnosis: what a case is anchored on, if its reader lets himself be."""

from collections.abc import Iterable

from dermatrust.clinic.chance import weight
from dermatrust.clinic.truth import label_of, true_names
from dermatrust.lexicon import Diagnosis, Lexicon, load_lexicon
from dermatrust.lexicon.forms import normalised
from dermatrust.records import Case

NOTE = "Referred by a colleague in primary care, who has examined the patient and suspects {name}."
"""Ours. It speaks of one suspicion and gives no finding, so that nothing but the name is planted."""


class Referrals:
    """Wrong diagnoses to plant, one per case.

    The diagnosis is drawn, by the seed and the id of the case alone, among those that are the label of some
    case of the dataset, so that it is one that this clinic sees; where none of them will do, among all that the
    lexicon knows. It never shares a branch of the family tree with the label or with anything of the differential, so
    it is none of them under any name. A name that the lexicon does not know has no known branch: then the planted
    diagnosis must not share a word with it, and where the lexicon knows none of a case's names nothing is planted.

    Args:
        cases: Every case of the dataset, also those that are not asked about.
        seed: Of the choice.
        lexicon: Another lexicon than the packaged one.
    """

    def __init__(self, cases: Iterable[Case], seed: int, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()
        self._seed = seed
        labels = {label for case in cases if (label := label_of(case)) is not None}
        known = (self._lexicon.diagnosis(label) for label in labels)
        self._seen = {diagnosis.id: diagnosis for diagnosis in known if diagnosis is not None}
        self._known_fit: dict[tuple[frozenset[str], frozenset[str]], list[str]] = {}

    def planted(self, case: Case) -> str | None:
        """Return the name of the diagnosis to plant; None where nobody can say that it would be wrong.

        Example:
            >>> lesion, rash = Case(id="a", label="BCC"), Case(id="b", label="psoriasis")
            >>> referrals = Referrals([lesion, rash], 0)
            >>> referrals.planted(lesion), referrals.planted(rash), referrals.planted(Case(id="c", label="qwertz"))
            ('psoriasis', 'basal cell carcinoma', None)
        """
        names = true_names(case)
        known = [(name, self._lexicon.diagnosis(name)) for name in names]
        branches = frozenset(found.family[0] for _, found in known if found is not None)
        if not branches:
            return None
        words = frozenset(word for name, found in known if found is None for word in normalised(name).split())
        fit = self._fit(branches, words)
        return fit[weight(self._seed, "planted", case.id) % len(fit)] if fit else None

    def _fit(self, branches: frozenset[str], words: frozenset[str]) -> list[str]:
        """Return the names of what is of none of these branches and has none of these words, in an order of its own."""
        key = branches, words
        if key not in self._known_fit:
            for pool in (self._seen, self._lexicon.diagnoses):
                fit = [one for one in pool.values() if one.family[0] not in branches and not _holds(one, words)]
                self._known_fit[key] = sorted(one.name for one in fit)
                if fit:
                    break
        return self._known_fit[key]


def _holds(one: Diagnosis, words: frozenset[str]) -> bool:
    return bool(words) and any(words & set(normalised(name).split()) for name in (one.name, *one.synonyms))
