"""Context arms: what a model is told about a case besides the photographs, in seven ways.

All arms are about the same cases, so that they can be compared case by case. What is dropped, mixed up, planted or put
in follows from the seed and the ids alone: another order of the cases, or a limit, changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from dermatrust.clinic.chance import weight
from dermatrust.clinic.context_fields import fields_to_drop, without_fields
from dermatrust.clinic.mix_up import MixUp
from dermatrust.clinic.referral import NOTE, Referrals
from dermatrust.errors import DataError
from dermatrust.records import Case, ClinicalContext

IMAGE_ONLY = "image only"
CONTEXT_ONLY = "context only"
IMAGE_AND_CONTEXT = "image + context"
INCOMPLETE = "incomplete"
ERRONEOUS = "erroneous"
PLANTED_REFERRAL = "planted referral"
IRRELEVANT = "irrelevant"
ARMS = (IMAGE_ONLY, CONTEXT_ONLY, IMAGE_AND_CONTEXT, INCOMPLETE, ERRONEOUS, PLANTED_REFERRAL, IRRELEVANT)
"""All seven. Photographs are shown in every arm but "context only"."""

N_DROPPED = 3
"""Fields that "incomplete" leaves out where nobody says otherwise; ours."""
TEXTS = Path(__file__).with_name("irrelevant.yaml")


@dataclass(frozen=True, slots=True)
class Told:
    """What a model is told of one case in one arm.

    Attributes:
        context: What it is told.
        shows_images: Whether it is shown the photographs.
        dropped: Fields that were left out.
        donor: The case that the context is from, where it is another's.
        planted: The wrong diagnosis that a referral names.
        failure: Why this case cannot be asked about in this arm; its answer is then missing.
    """

    context: ClinicalContext
    shows_images: bool = True
    dropped: tuple[str, ...] = ()
    donor: str | None = None
    planted: str | None = None
    failure: str = ""


class ContextArms:
    """What each arm tells about each case: a function of the case, of all cases and of a seed.

    Args:
        cases: Every case of the dataset, also those that are not asked about: "erroneous" takes records from them, and
            "planted referral" diagnoses.
        seed: Of every choice.
        n_dropped: How many known fields "incomplete" leaves out, at least 1.

    Example:
        >>> case = Case(id="a", context=ClinicalContext(age=40, sex="female", note="itchy"))
        >>> told = ContextArms([case], n_dropped=2).told(case, "incomplete")
        >>> len(told.dropped), told.shows_images
        (2, True)
    """

    def __init__(self, cases: Iterable[Case], *, seed: int = 0, n_dropped: int = N_DROPPED) -> None:
        kept = list(cases)
        self.seed = seed
        self.n_dropped = n_dropped
        self._mix_up = MixUp(kept, seed)
        self._referrals = Referrals(kept, seed)

    def told(self, case: Case, arm: str) -> Told:
        """Return what a model is told of a case in an arm.

        Raises:
            DataError: There is no such arm, or "erroneous" has no second patient.
        """
        if arm == IMAGE_ONLY:
            return Told(ClinicalContext())
        if arm == CONTEXT_ONLY:
            return Told(case.context, shows_images=False)
        if arm == IMAGE_AND_CONTEXT:
            return Told(case.context)
        if arm == INCOMPLETE:
            dropped = fields_to_drop(case.context, self.n_dropped, case.id, self.seed)
            return Told(without_fields(case.context, dropped), dropped=dropped)
        if arm == ERRONEOUS:
            return Told(self._mix_up.context(case), donor=self._mix_up.donor(case))
        if arm == PLANTED_REFERRAL:
            return self._referred(case)
        if arm == IRRELEVANT:
            texts = irrelevant_texts()
            return Told(ClinicalContext(note=texts[weight(self.seed, "irrelevant", case.id) % len(texts)]))
        raise _no_such_arm(arm)

    def _referred(self, case: Case) -> Told:
        planted = self._referrals.planted(case)
        if planted is None:
            return Told(case.context, failure="nothing planted: the lexicon knows no diagnosis of this case")
        note = NOTE.format(name=planted)
        note = f"{case.context.note}\n{note}" if case.context.note else note
        return Told(case.context.model_copy(update={"note": note}), planted=planted)


@cache
def irrelevant_texts() -> tuple[str, ...]:
    """Return the packaged texts without clinical content."""
    return tuple(yaml.safe_load(TEXTS.read_text(encoding="utf-8"))["texts"])


def parse_arms(texts: Sequence[str]) -> tuple[str, ...]:
    """Return arms by the names of the command line, each once, in the order given.

    Args:
        texts: Arms separated by commas, words joined by hyphens or spaces.

    Raises:
        DataError: One is no arm.

    Example:
        >>> parse_arms(["image-only,image+context", "planted-referral"])
        ('image only', 'image + context', 'planted referral')
    """
    names = [name.strip() for text in texts for name in text.split(",")]
    by_key = {_key(arm): arm for arm in ARMS}
    for name in names:
        if _key(name) not in by_key:
            raise _no_such_arm(name)
    return tuple(dict.fromkeys(by_key[_key(name)] for name in names))


def arm_option(arm: str) -> str:
    """Return an arm as the command line writes it.

    Example:
        >>> arm_option("image + context"), arm_option("context only")
        ('image+context', 'context-only')
    """
    return arm.replace(" + ", "+").replace(" ", "-")


def _key(name: str) -> str:
    return arm_option(" ".join(name.lower().replace("-", " ").replace("+", " + ").split()))


def _no_such_arm(name: str) -> DataError:
    return DataError("--context", f"there is no arm {name!r}", f"one of {', '.join(map(arm_option, ARMS))}")
