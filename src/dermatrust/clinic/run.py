"""One clinical study, from the first ask to the result: a pure function of cases, prompts and replies."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from dermatrust import __version__
from dermatrust.bench.asking import Pace, ask_all
from dermatrust.bench.manifests import endpoint_of, model_card, named_by, now, resumed
from dermatrust.clinic.answer import Answer
from dermatrust.clinic.check_study import check_study
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.study import Asked, Study
from dermatrust.engine import Play
from dermatrust.records import AnswerRow, Manifest
from dermatrust.store.answers import AnswerColumns, read_answers, write_answers
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder
from dermatrust.store.spool import Spool


@dataclass(frozen=True)
class FinishedStudy:
    """A study whose asks are done.

    Attributes:
        run: Its folder; the answers are in it.
        manifest: What was done.
        answers: Every answer, scored.
        failures: Asks that brought no reply, by model and reason; the same command tries them again.
    """

    run: RunFolder
    manifest: Manifest
    answers: AnswerColumns
    failures: Counter[str]


def run_study(
    study: Study, run: RunFolder, *, command: str, pace: Pace, replace: bool = False,
    plays: Iterable[Play[tuple[int, Asked, Answer]]] | None = None,
) -> FinishedStudy:  # fmt: skip
    """Ask what the run's store does not hold yet, score every answer, and write manifest and answers.

    Args:
        study: What to run.
        run: Where to. It may hold the beginning of this very run.
        command: The command line, for the manifest.
        pace: How fast to ask.
        replace: Overwrite the results of another run in this folder; its replies are kept all the same.
        plays: How its asks are made, where not as the study itself makes them.

    Raises:
        DataError: A case cannot be read, a photograph is missing or unreadable, no case has a truth, or an arm makes no
            sense for this dataset.
        ModelError: The privacy gate refuses a model, two models share a name, or a model cannot be asked so.
    """
    check_study(study)
    manifest = plan_study(study, run, command=command)
    planned = dict.fromkeys((client.name for client in study.clients), study.n_asks())
    with only_writer(run.path):
        if run.manifest_path.exists():
            manifest = resumed(manifest, run, replace=replace)
        run.write_manifest(manifest)
        spool = Spool(run.path)

        def keep(answered: tuple[int, Asked, Answer]) -> None:
            number, asked, answer = answered
            spool.put(number, tuple(answer_row(asked, answer, study.task)))

        failures = ask_all(
            study.plays() if plays is None else plays, keep, run.replies_path, study.clients, planned, pace
        )
        write_answers(run.answers_path, _rows(spool))
        manifest = manifest.model_copy(update={"finished": now()})
        run.write_manifest(manifest)
    return FinishedStudy(run, manifest, read_answers(run.answers_path), failures)


def _rows(spool: Spool) -> Iterator[AnswerRow]:
    return (AnswerRow(*fields) for fields in spool)


def plan_study(study: Study, run: RunFolder, *, command: str) -> Manifest:
    """Return the manifest of a study that has not begun."""
    return Manifest(
        run_id=run.path.name,
        code_version=__version__,
        command=command,
        dataset=study.dataset.card,
        dataset_hash=study.dataset.content_hash(),
        n_cases=len(study.cases),
        models=tuple(model_card(client) for client in study.clients),
        prompts=dict([study.prompt.name_and_hash.split(":", 1)]),
        seeds={"arms": study.seed, "bootstrap": study.seed},
        config=study_config(study),
        started=now(),
    )


def study_config(study: Study) -> dict[str, Any]:
    """Return the settings that decide what is asked."""
    return {
        "task": study.task.kind,
        "n_levels": study.task.n_levels,
        "n_named": study.task.n_named,
        "dataset": study.dataset.path.resolve().name,
        "models": [client.name for client in study.clients],
        "arms": list(study.arms),
        "image_arms": [arm.name for arm in study.image_arms],
        "base": study.base,
        "n_dropped": study.n_dropped,
        "temperature": study.sampling.temperature,
        "max_tokens": study.sampling.max_tokens,
        "seed": study.seed,
        "side_px": study.images.side_px,
        "limit": study.limit,
    }


def study_name(study: Study) -> str:
    """Return a name that the same command on the same dataset gives again, so that it resumes its own run."""
    parts = {
        "dataset": study.dataset.content_hash(),
        "config": study_config(study) | {"dataset": study.dataset.card.name},
        "prompt": study.prompt.name_and_hash,
        "endpoints": [endpoint_of(client) for client in study.clients],
    }
    return f"{study.task.kind}-{named_by(study.dataset.card.name, parts)}"
