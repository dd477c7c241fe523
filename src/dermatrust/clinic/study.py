"""A clinical study: the same cases, asked of several models in several arms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from dermatrust.clients import Ask, Client, Sampling
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.arms import CONTEXT_ONLY, N_DROPPED, PLANTED_REFERRAL, ContextArms, Told
from dermatrust.clinic.ask import answer_case
from dermatrust.clinic.image_arms import NO_IMAGES, ImageArm
from dermatrust.clinic.tasks import Task
from dermatrust.clinic.truth import label_of, names_truth
from dermatrust.engine import Play
from dermatrust.narrate import Prompt
from dermatrust.records import Case
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing a study asks: one case in one arm of each kind.

    Attributes:
        case: The case.
        arm: The context arm.
        image_arm: The image arm.
        told: What the model is told.
        shown: The case as the model is told of it.
        gives_truth_away: Whether what it is told names the true diagnosis.
        planted: The diagnosis of the case's referral, in whatever arm; None where the study plants none.
    """

    case: Case
    arm: str
    image_arm: ImageArm
    told: Told
    shown: Case
    gives_truth_away: bool
    planted: str | None


@dataclass(frozen=True)
class Study:
    """Everything a study is a function of, besides the replies.

    Attributes:
        task: What is asked, how it is read and how it is scored.
        dataset: The cases.
        clients: The models.
        prompt: What they are asked.
        sampling: How they decode.
        images: Where photographs are re-encoded once for all models.
        arms: Context arms, in the order of every table.
        image_arms: Image arms, likewise.
        base: The context arm that others are compared with; empty for the first.
        seed: Of all that is drawn in arms.
        n_dropped: Fields that "incomplete" leaves out.
        limit: Only the first so many cases.
    """

    task: Task
    dataset: DatasetFolder
    clients: Sequence[Client]
    prompt: Prompt
    sampling: Sampling
    images: ImageCache
    arms: Sequence[str]
    image_arms: Sequence[ImageArm]
    base: str = ""
    seed: int = 0
    n_dropped: int = N_DROPPED
    limit: int | None = None

    @cached_property
    def all_cases(self) -> tuple[Case, ...]:
        """Every case of the dataset: the arms are a function of all of them."""
        return tuple(self.dataset.iter_cases())

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The cases that are asked about: those within the limit whose truth the task knows."""
        return tuple(case for case in self.all_cases[: self.limit] if self.task.has_truth(case))

    @property
    def n_without_truth(self) -> int:
        """Cases within the limit that are not asked about, since nobody recorded what is true of them."""
        return len(self.all_cases[: self.limit]) - len(self.cases)

    @cached_property
    def context_arms(self) -> ContextArms:
        """What each arm tells of each case."""
        return ContextArms(self.all_cases, seed=self.seed, n_dropped=self.n_dropped)

    def asked(self) -> Iterator[Asked]:
        """Yield everything that each model is asked, case by case."""
        for case in self.cases:
            planted = None
            if PLANTED_REFERRAL in self.arms:
                planted = self.context_arms.told(case, PLANTED_REFERRAL).planted
            for arm in self.arms:
                told = self.context_arms.told(case, arm)
                shown = case.model_copy(update={"context": told.context})
                given = names_truth(told.context, label_of(case))
                for image_arm in self.image_arms if told.shows_images else (NO_IMAGES,):
                    yield Asked(case, arm, image_arm, told, shown, given, planted)

    def plays(self) -> Iterator[Play[tuple[int, Asked, Answer]]]:
        """Yield one play per thing asked and model; each returns its number in that order, and its answer."""
        pairs = ((asked, client) for asked in self.asked() for client in self.clients)
        for number, (asked, client) in enumerate(pairs):
            yield partial(self._numbered, number, asked, client)

    async def _numbered(self, number: int, asked: Asked, client: Client, ask: Ask) -> tuple[int, Asked, Answer]:
        return number, asked, await answer_case(self, asked, client, ask)

    def n_asks(self) -> int:
        """Return how many replies the study needs from each model, if every case can be asked about in every arm."""
        n_bare = sum(arm == CONTEXT_ONLY for arm in self.arms)
        n_shown = len(self.arms) - n_bare
        n_photographs = (max(1, len(case.file_names)) for case in self.cases)
        n_single = sum(arm.kind != "one by one" for arm in self.image_arms)
        n_each = len(self.image_arms) - n_single
        return sum(n_bare + n_shown * (n_single + n_each * n) for n in n_photographs)
