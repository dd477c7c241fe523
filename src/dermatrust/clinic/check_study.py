"""What would spoil a study, found before anything is asked or paid for; and what its reader should know."""

from collections.abc import Iterator

from dermatrust.bench.checks import check_images, check_names
from dermatrust.bench.text import counted
from dermatrust.clients import Client
from dermatrust.clinic.arms import CONTEXT_ONLY, IMAGE_ONLY, arm_option
from dermatrust.clinic.context_fields import known_fields
from dermatrust.clinic.recorded import unasked
from dermatrust.clinic.study import Study
from dermatrust.engine.privacy import check_may_leave
from dermatrust.errors import DataError, ModelError

_EMBEDDED = "nano/"


def check_study(study: Study) -> None:
    """Refuse what cannot be asked.

    Raises:
        DataError: No case has a truth, the base is not among the arms, or photographs are missing.
        ModelError: Two models share a name, the privacy gate refuses one, an embedded narrator is asked without
            photographs, or recorded replies do not say which arm they answer.
    """
    check_names("model", [client.name for client in study.clients])
    check_may_leave(study.dataset, study.clients)
    if study.base and study.base not in study.arms:
        expected = f"one of the arms that are run: {', '.join(map(arm_option, study.arms))}"
        raise DataError("--base", f"is {arm_option(study.base)!r}", expected)
    for client in study.clients:
        _check_client(study, client)
    if not study.cases:
        of_what = "an urgency" if study.task.kind == "triage" else "a label or a differential"
        raise DataError(str(study.dataset.path), "holds no case whose truth is known", f"{of_what} in metadata.jsonl")
    for arm in study.arms:
        study.context_arms.told(study.cases[0], arm)  # an arm that this dataset cannot have says so
    if _looks(study):
        if not any(case.file_names for case in study.cases):
            do = f"Ask --context {arm_option(CONTEXT_ONLY)} alone, or import the dataset with its images."
            raise DataError(str(study.dataset.path), "holds no photograph to show", do=do)
        check_images(study.dataset)


def _looks(study: Study) -> bool:
    """Return whether any model is to be shown photographs in any arm."""
    return any(client.needs_images for client in study.clients) and any(arm != CONTEXT_ONLY for arm in study.arms)


def _check_client(study: Study, client: Client) -> None:
    if client.name.startswith(_EMBEDDED) and CONTEXT_ONLY in study.arms:
        do = "Leave out that arm, or the model."
        raise ModelError(client.name, "looks at photographs, and context-only shows none", do=do)
    if not getattr(client, "has_arms", True):
        expected = 'a field "arm" such as "image + context" in each line'
        raise ModelError(client.name, "was recorded without saying which arm each reply answers", expected)


def remarks(study: Study) -> Iterator[str]:
    """Yield what the reader of the result should know of how this dataset and these models fit the arms."""
    if study.n_without_truth:
        is_are = "is" if study.n_without_truth == 1 else "are"
        left_out = counted(study.n_without_truth, "case")
        yield f"{left_out} {is_are} left out: nothing is recorded to score {'it' if is_are == 'is' else 'them'} by."
    unseen = sum(not case.file_names for case in study.cases)
    if unseen and _looks(study):
        yield f"{unseen} of {len(study.cases)} cases have no photograph: their answers are missing where one is shown."
    bare = sum(not known_fields(case.context) for case in study.cases)
    if bare and any(arm != IMAGE_ONLY for arm in study.arms):
        yield f"Of {bare} of {len(study.cases)} cases no context is known: there, context arms tell nothing."
    blind = [client.name for client in study.clients if client.name.startswith(_EMBEDDED)]
    yield from unasked(study)
    if blind and len(study.arms) > 1:
        yield f"{', '.join(blind)}: reads no text, so its answers are the same in every context arm."
