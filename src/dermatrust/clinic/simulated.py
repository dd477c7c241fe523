"""Simulated models of known accuracy, use of context, anchoring, triage errors and calibration: synthetic, all of it.

They write replies as a model would, so that reading, matching and counting run for real where the truth is known. What
follows from their parameters is in `simulated_truth.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from scipy.special import ndtr, ndtri

from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import SKIN_GROUPS, Case, SkinGroup

PREFIX = "synthetic/"
LONGEST = 5
"""Diagnoses in each differential; accuracy is known at 1, 3 and as many."""
PLANTED = "planted referral"
_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """A model that names the truth, thinks a case pressing, and is sure of itself, by known chances.

    Attributes:
        name: Begins with "synthetic/".
        accuracy: Arm to the chances that the truth is among its first 1, 3 and 5 diagnoses.
        gaps: Skin group to what these chances are lower by there.
        steadiness: Chance, in each arm, that the case's own luck decides and not luck of that arm alone.
        together: Correlation of the luck of one patient's cases, 0 to below 1.
        synonyms: Chance that it calls the truth by another name than the lexicon prefers.
        anchoring: Chance that it puts a planted diagnosis first and everything else one place lower.
        triage: Arm to sensitivity and specificity for urgent or emergent against routine.
        emergent: Chance that a case it thinks pressing is called emergent, where it is so, and where it is not.
        spread: Half the distance between the two chances of being right that it tells apart.
        overconfidence: By how much the confidence it states is above the chance of being right.
        abstention: Chance that it says it cannot tell, and gives no differential.
    """

    name: str
    accuracy: Mapping[str, tuple[float, float, float]] = field(default_factory=dict)
    gaps: Mapping[SkinGroup, float] = field(default_factory=dict)
    steadiness: float = 1.0
    together: float = 0.0
    synonyms: float = 0.0
    anchoring: float = 0.0
    triage: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    emergent: tuple[float, float] = (0.8, 0.1)
    spread: float = 0.1
    overconfidence: float = 0.0
    abstention: float = 0.0

    def __post_init__(self) -> None:
        """Refuse parameters that mean nothing.

        Raises:
            DataError: A chance is not within 0 to 1, chances fall with k, or a confidence would be off its scale.
        """
        if not self.name.startswith(PREFIX):
            raise DataError("a simulated model", f"is called {self.name!r}", f"a name that begins with {PREFIX}")
        for what in ("steadiness", "synonyms", "anchoring", "abstention"):
            _chance(self.name, what, getattr(self, what))
        if not 0 <= self.together < 1:
            raise DataError(self.name, f"together is {self.together}", "a correlation from 0 to below 1")
        for chance in self.emergent:
            _chance(self.name, "a chance of its triage", chance)
        for arm, pair in self.triage.items():
            if not all(0 < chance < 1 for chance in pair):
                raise DataError(self.name, f"its triage in {arm!r} is {pair}", "two chances above 0 and below 1")
        for arm in self.accuracy:
            for group in (None, *SKIN_GROUPS):
                self._check_arm(arm, group)

    def _check_arm(self, arm: str, group: SkinGroup | None) -> None:
        chances = self.chances(arm, group)
        for chance in chances:
            _chance(self.name, f"an accuracy in {arm!r}", chance)
        if list(chances) != sorted(chances):
            raise DataError(self.name, f"accuracies in {arm!r} fall with k", "chances at 1, 3 and 5 that do not fall")
        for stated in self.stated(arm, group):
            _chance(self.name, f"a confidence in {arm!r}", stated)

    def chances(self, arm: str, group: SkinGroup | None) -> tuple[float, float, float]:
        """Return the chances that the truth is among the first 1, 3 and 5, without anchoring or abstention."""
        lost = self.gaps.get(group, 0.0) if group else 0.0
        first, three, five = (round(chance - lost, _DECIMALS) for chance in self.accuracy[arm])
        return first, three, five

    def first_right(self, arm: str, group: SkinGroup | None) -> float:
        """Return the chance that the first diagnosis is right, where it gives any."""
        return self.chances(arm, group)[0] * (1 - self.anchoring if arm == PLANTED else 1)

    def told_apart(self, arm: str, group: SkinGroup | None) -> tuple[float, float]:
        """Return the two chances of being right that its confidence tells apart; half of its answers have each."""
        right = self.first_right(arm, group)
        spread = min(self.spread, right, 1 - right)
        return right - spread, right + spread

    def stated(self, arm: str, group: SkinGroup | None) -> tuple[float, float]:
        """Return the two confidences it states."""
        low, high = (round(chance + self.overconfidence, _DECIMALS) for chance in self.told_apart(arm, group))
        return low, high

    def differential_reply(self, case: Case, arm: str, *, planted: str = "", seed: int = 0) -> str:
        """Return its reply to the question for a differential diagnosis.

        Args:
            case: Must have a label that the lexicon knows.
            arm: What it is told; a key of `accuracy`.
            planted: The diagnosis of the planted referral, where there is one.
            seed: With the case's id and the arm it decides all chances.

        Raises:
            DataError: The lexicon does not know the label.

        Example:
            >>> sure = SimulatedModel("synthetic/sure", {"image only": (1.0, 1.0, 1.0)})
            >>> sure.differential_reply(Case(id="a", label="psoriasis"), "image only")[:55]
            '{"diagnoses": [{"name": "psoriasis", "confidence": 1.0}'
        """
        own = self._rng(seed, "arm", arm, case.id)
        if own.random() < self.abstention:
            return json.dumps({"diagnoses": [], "cannot_tell": True})
        is_steady = own.random() < self.steadiness
        deciding = self._rng(seed, "wrong", case.id) if is_steady else own
        luck = self._luck(case, "differential", seed) if is_steady else float(own.random())
        names, rank = self._listed(case, arm, luck, deciding, own)
        if planted and own.random() < self.anchoring:
            names, rank = [planted, *(name for name in names if name != planted)][:LONGEST], rank + 1
        low, high = self.told_apart(arm, case.skin_group)
        share = (high if rank == 1 else 1 - high) / (low + high if rank == 1 else 2 - low - high)
        stated = self.stated(arm, case.skin_group)[int(own.random() < share)]
        return json.dumps({"diagnoses": _with_confidence(names, stated), "cannot_tell": False})

    def _listed(self, case: Case, arm: str, luck: float, deciding: Generator, own: Generator) -> tuple[list[str], int]:
        """Return the differential and the place of the truth in it; the place is beyond the list where it is absent."""
        first, three, five = self.chances(arm, case.skin_group)
        of_two = int(deciding.random() < 0.5)
        rank = 1 if luck < first else 2 + of_two if luck < three else 4 + of_two if luck < five else LONGEST + 1
        truth, others = _names(case.label or "", where=f"case {case.id!r}")
        wrong = [others[k] for k in deciding.permutation(len(others))[:LONGEST]]
        is_synonym = len(truth) > 1 and own.random() < self.synonyms
        wrong.insert(rank - 1, truth[1 + int(own.integers(len(truth) - 1))] if is_synonym else truth[0])
        return wrong[:LONGEST], rank

    def triage_reply(self, case: Case, arm: str, *, seed: int = 0) -> str:
        """Return its reply to the question how soon somebody must act; arguments as for `differential_reply`.

        The stated probability is that of two normal distributions of one width, cut where sensitivity and specificity
        are the known ones.

        Raises:
            DataError: The case has no urgency.
        """
        if case.urgency is None:
            raise DataError(f"case {case.id!r}", "has no urgency", "emergent, urgent or routine")
        own = self._rng(seed, "triage arm", arm, case.id)
        if own.random() < self.abstention:
            return json.dumps({"urgency": None, "cannot_tell": True})
        sensitivity, specificity = self.triage[arm]
        luck = self._luck(case, "triage", seed) if own.random() < self.steadiness else float(own.random())
        cut = ndtri(specificity)
        pressing = float(ndtri(luck)) + (cut + ndtri(sensitivity) if case.urgency != "routine" else 0.0) - cut
        is_emergent = own.random() < self.emergent[int(case.urgency != "emergent")]
        urgency = "routine" if pressing <= 0 else "emergent" if is_emergent else "urgent"
        probability = round(float(ndtr(pressing)), _DECIMALS)
        return json.dumps({"urgency": urgency, "urgent_probability": probability, "cannot_tell": False})

    def _luck(self, case: Case, task: str, seed: int) -> float:
        """Return a number that is uniform from 0 to 1, low for good luck, and alike for one patient's cases."""
        shared = self._rng(seed, task, "patient", case.patient_id or case.id).standard_normal()
        own = self._rng(seed, task, "case", case.id).standard_normal()
        return float(ndtr(np.sqrt(self.together) * shared + np.sqrt(1 - self.together) * own))

    def _rng(self, seed: int, *words: str) -> Generator:
        return Generator(PCG64(SeedSequence((seed, *"\0".join((self.name, *words)).encode()))))


def _with_confidence(names: list[str], first: float) -> list[dict[str, str | float]]:
    """Return the entries of a differential: the first with its confidence, each further one with half of the rest."""
    rest = min(first, 1 - first)
    stated = [first, *(round(rest / 2**place, _DECIMALS) for place in range(1, len(names)))]
    return [{"name": name, "confidence": confidence} for name, confidence in zip(names, stated, strict=True)]


def strangers(case: Case) -> tuple[str, ...]:
    """Return the diagnoses, no kin of the case's own, that wrong answers about it are drawn from, each as likely.

    Raises:
        DataError: The lexicon does not know the label.
    """
    return _names(case.label or "", where=f"case {case.id!r}")[1]


@lru_cache(maxsize=1024)
def _names(label: str, *, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of a diagnosis, the preferred one first, and diagnoses that are no kin of it."""
    lexicon = load_lexicon()
    truth = lexicon.diagnosis(label)
    if truth is None:
        raise DataError(where, f"has the label {label!r}, which the lexicon does not know")
    others = tuple(one.name for one in lexicon.diagnoses.values() if lexicon.kinship(truth, one) == 0)
    return (truth.name, *truth.synonyms), others


def _chance(where: str, what: str, chance: float) -> None:
    if not 0 <= chance <= 1:
        raise DataError(where, f"{what} is {chance:g}", "a chance from 0 to 1")
