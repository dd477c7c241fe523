"""The play of one sample: a model writes a narrative about a case, then every judge rates it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from dermatrust.bench.photographs import photographs
from dermatrust.clients import Ask, AskFailed, Client, Image, Sampling
from dermatrust.engine import Play
from dermatrust.errors import DataError
from dermatrust.evaluator.evaluator import Evaluator
from dermatrust.judge.injection import flagged
from dermatrust.judge.judge import Judge
from dermatrust.narrate import Prompt, narrate_case
from dermatrust.records import DIMENSIONS, LOWEST_SCORE, Case, Narrative, Rating
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.images import ImageCache


@dataclass(frozen=True, slots=True)
class Sample:
    """What came of one case and one model.

    Attributes:
        case: The case.
        author: The model.
        reference: What the judges read beside the narrative; None if the dataset has none for the case.
        narrative: None if the model could not be asked; `failure` says why.
        ratings: By judge: one rating per draw.
        evaluations: By evaluator, who read no reference: one rating per draw.
    """

    case: Case
    author: str
    reference: Narrative | None
    narrative: Narrative | None
    failure: str
    ratings: Mapping[str, Sequence[Rating]]
    evaluations: Mapping[str, Sequence[Rating]] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """Everything a benchmark run is a function of, besides the replies.

    Attributes:
        dataset: The cases and their references.
        clients: The models under test.
        judges: Who rates each narrative against its reference.
        evaluators: Who rates each narrative by the photographs alone.
        prompt: What the models are asked.
        sampling: How the models decode.
        images: Where photographs are re-encoded once for all models.
        with_context: Whether the models are told the clinical context.
        limit: Only the first so many cases.
    """

    dataset: DatasetFolder
    clients: Sequence[Client]
    judges: Sequence[Judge]
    prompt: Prompt
    sampling: Sampling
    images: ImageCache
    with_context: bool = False
    limit: int | None = None
    evaluators: Sequence[Evaluator] = ()

    @property
    def raters(self) -> list[Judge | Evaluator]:
        """Judges and evaluators, in the order of every table."""
        return [*self.judges, *self.evaluators]

    def cases(self) -> Iterator[Case]:
        """Yield the cases of the run, one by one."""
        for index, case in enumerate(self.dataset.iter_cases()):
            if self.limit is not None and index >= self.limit:
                return
            yield case

    def plays(self) -> Iterator[Play[tuple[int, Sample]]]:
        """Yield one play per case and model; each returns its number in that order, and its sample."""
        pairs = ((case, client) for case in self.cases() for client in self.clients)
        for number, (case, client) in enumerate(pairs):
            yield partial(self._numbered, number, case, client)

    async def _numbered(self, number: int, case: Case, client: Client, ask: Ask) -> tuple[int, Sample]:
        return number, await self.play(case, client, ask)

    async def play(self, case: Case, client: Client, ask: Ask) -> Sample:
        """Return what comes of one case and one model.

        Raises:
            DataError: A photograph of the case is missing or unreadable, or a model that looks has nothing to look at.
        """
        reference = self.dataset.reference(case.id)
        images = await self.images_of(case) if client.needs_images else ()
        try:
            narrative = await narrate_case(
                case, images, ask, client, self.prompt, self.sampling, with_context=self.with_context
            )
        except AskFailed as failure:
            ratings = {judge.name: [_unrated(case.id, judge.name)] for judge in self.judges}
            unseen = {evaluator.name: [_unrated(case.id, evaluator.name)] for evaluator in self.evaluators}
            return Sample(case, client.name, reference, None, str(failure), ratings, unseen)
        ratings = {}
        for judge in self.judges:
            ratings[judge.name] = await rate_narrative(narrative, reference, case, judge, ask)
        evaluations = {}
        for evaluator in self.evaluators:
            seen = await self.images_of(case)
            evaluations[evaluator.name] = await evaluate_narrative(narrative, seen, case, evaluator, ask)
        return Sample(case, client.name, reference, narrative, "", ratings, evaluations)

    async def images_of(self, case: Case) -> tuple[Image, ...]:
        """Return the photographs of a case as models see them.

        Raises:
            DataError: The case has none, or one is missing or unreadable.
        """
        if not case.file_names:
            raise DataError(
                f"case {case.id!r}", "has no photograph, and a narrative is written or evaluated from one",
                do="Import the dataset with its images, or give recorded outputs with -m replay:FILE.",
            )  # fmt: skip
        return await photographs(self.dataset, self.images, case.id, case.file_names)


async def rate_narrative(
    narrative: Narrative, reference: Narrative | None, case: Case, judge: Judge, ask: Ask
) -> list[Rating]:
    """Return the judge's ratings of one narrative.

    Without a reference every score is missing, whatever the model wrote. A narrative without text scores 0 on every
    dimension without asking: a model that does not answer is wrong. Where the narrative shows signs of injection its
    ratings are flagged, and keep their scores.
    """
    if reference is None:
        return [Rating.all_unscored(narrative_id=narrative.id, rater=judge.name, reason="no reference")]
    if not narrative.text.strip():
        return [_silent(narrative, judge.name)]
    return flagged(await judge.rate(narrative, reference, case, ask), narrative.text)


async def evaluate_narrative(
    narrative: Narrative, images: Sequence[Image], case: Case, evaluator: Evaluator, ask: Ask
) -> list[Rating]:
    """Return the evaluator's ratings of one narrative, which is treated as by `rate_narrative`."""
    if not narrative.text.strip():
        return [_silent(narrative, evaluator.name)]
    return flagged(await evaluator.rate(narrative, images, case, ask), narrative.text)


def _silent(narrative: Narrative, rater: str) -> Rating:
    scores = dict.fromkeys(DIMENSIONS, LOWEST_SCORE)
    critique = "The model gave no text. By rule that scores 0 on every dimension; the rater was not asked."
    return Rating(narrative_id=narrative.id, rater=rater, scores=scores, critique=critique)


def _unrated(case_id: str, rater: str) -> Rating:
    return Rating.all_unscored(narrative_id=f"{case_id}:none", rater=rater, reason="no narrative")
