"""Image degradation stress: the same questions about clean and about spoilt photographs."""

import dataclasses
from collections.abc import Iterator, Sequence

from dermatrust.atlas.degrade import Degradation, Severity
from dermatrust.bench.asking import Pace
from dermatrust.clients import Ask
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.arms import CONTEXT_ONLY, arm_option
from dermatrust.clinic.image_arms import ImageArm
from dermatrust.clinic.run import FinishedStudy, run_study
from dermatrust.clinic.spoilt import SpoiltArm, SpoiltImages
from dermatrust.clinic.study import Asked, Study
from dermatrust.engine import Play
from dermatrust.errors import DataError
from dermatrust.store.run import RunFolder

CLEAN = ImageArm("all")


def spoilt_arms(kinds: Sequence[Degradation], severities: Sequence[Severity]) -> tuple[SpoiltArm, ...]:
    """Return the image arms of a stress test, kind by kind.

    Example:
        >>> [arm.name for arm in spoilt_arms(["blur", "jpeg"], [1, 3])]
        ['blur 1', 'blur 3', 'jpeg 1', 'jpeg 3']
    """
    return tuple(SpoiltArm("all", degradation=kind, severity=degree) for kind in kinds for degree in severities)


def stressed(study: Study, arms: Sequence[SpoiltArm]) -> Study:
    """Return the study with clean photographs first and every spoilt arm after them.

    Raises:
        DataError: An arm of the study shows no photographs.
    """
    if CONTEXT_ONLY in study.arms:
        raise DataError("--context", f"is {arm_option(CONTEXT_ONLY)}", "an arm that shows photographs")
    return dataclasses.replace(study, image_arms=(CLEAN, *arms))


def run_stress(study: Study, run: RunFolder, *, command: str, pace: Pace, replace: bool = False) -> FinishedStudy:
    """Ask about clean and spoilt photographs what the run's store does not hold yet, and write manifest and answers.

    Args:
        study: As `stressed` returns it.
        run: Where to. It may hold the beginning of this very run.
        command: The command line, for the manifest.
        pace: How fast to ask.
        replace: Overwrite another run's results in the folder.

    Raises:
        DataError: As `run_study`.
        ModelError: As `run_study`.
    """
    return run_study(study, run, command=command, pace=pace, replace=replace, plays=_plays(study))


def _plays(study: Study) -> Iterator[Play[tuple[int, Asked, Answer]]]:
    """Yield the plays of all image arms, numbered on from one to the next; each arm has photographs of its own."""
    first = 0
    for arm in study.image_arms:
        images = SpoiltImages(study.images, arm, seed=study.seed) if isinstance(arm, SpoiltArm) else study.images
        part = dataclasses.replace(study, image_arms=(arm,), images=images)
        n = 0
        for play in part.plays():
            yield _numbered(play, first)
            n += 1
        first += n


def _numbered(play: Play[tuple[int, Asked, Answer]], first: int) -> Play[tuple[int, Asked, Answer]]:
    async def played(ask: Ask) -> tuple[int, Asked, Answer]:
        number, asked, answer = await play(ask)
        return first + number, asked, answer

    return played
