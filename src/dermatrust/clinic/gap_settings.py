"""What must be alike in two runs for a gap between them to speak of their cases."""

from collections.abc import Sequence

from dermatrust.errors import DataError
from dermatrust.records import Manifest

QUESTION = {"task": "task", "n_levels": "number of urgency levels", "n_named": "number of diagnoses asked for"}
"""Settings without which two runs measure different things; nothing can make them comparable."""
MANNER = {
    "temperature": "temperature",
    "max_tokens": "longest reply",
    "side_px": "longest image side",
    "n_dropped": "number of fields that the arm incomplete lacks",
}
"""Settings that change how a model does besides the cases."""
_DO = "Run both with the same settings, or give --allow-differences: the page then says what differs."


def check_comparable(
    manifests: Sequence[Manifest], *, models: Sequence[str], allow_differences: bool = False
) -> tuple[str, ...]:
    """Return what differs between runs besides their cases, one sentence each.

    Args:
        manifests: Of at least two runs; the first is the one that the others are compared with.
        models: The models to compare.
        allow_differences: Warn of another prompt, model or manner of asking, and do not refuse it.

    Raises:
        DataError: Two runs are of the same dataset, or ask different questions; or they differ in how they ask and
            that is not allowed.
    """
    first, warnings = manifests[0], []
    for other in manifests[1:]:
        if other.config.get("task") is None:
            raise DataError(other.run_id, "is no run of clinic ddx or clinic triage")
        for name, words in QUESTION.items():
            ours, theirs = first.config.get(name), other.config.get(name)
            if ours != theirs:
                what = f"has another {words} than {first.run_id}: {theirs}, not {ours}"
                raise DataError(other.run_id, what, do="Such runs cannot be compared.")
        found = list(_differences(first, other, models))
        if found and not allow_differences:
            raise DataError(other.run_id, f"differs from {first.run_id} besides its cases: {'; '.join(found)}", do=_DO)
        warnings += [f"{other.run_id} differs from {first.run_id} besides its cases: {one}." for one in found]
        warnings += _remarks(first, other, models)
    _check_datasets(manifests)
    return tuple(warnings)


def _check_datasets(manifests: Sequence[Manifest]) -> None:
    held: dict[str, str] = {}
    for manifest in manifests:
        if manifest.dataset_hash in held:
            what = f"is of the same cases as {held[manifest.dataset_hash]}"
            do = "Models and arms on the same cases are compared case by case, in one run."
            raise DataError(manifest.run_id, what, "another dataset", do)
        held[manifest.dataset_hash] = manifest.run_id


def _differences(first: Manifest, other: Manifest, models: Sequence[str]) -> list[str]:
    found = []
    if first.prompts != other.prompts:
        found.append(f"the prompt is {_prompt(other)}, not {_prompt(first)}")
    for name, words in MANNER.items():
        ours, theirs = first.config.get(name), other.config.get(name)
        if ours != theirs:
            found.append(f"the {words} is {theirs}, not {ours}")
    for model in models:
        ours, theirs = (_endpoint(manifest, model) for manifest in (first, other))
        if not (_is_recorded(ours) and _is_recorded(theirs)) and ours != theirs:
            found.append(f"{model} is asked at another endpoint or in another version")
    return found


def _remarks(first: Manifest, other: Manifest, models: Sequence[str]) -> list[str]:
    """Return what no setting can rule out."""
    found = []
    if any(_is_recorded(_endpoint(one, model)) for one in (first, other) for model in models):
        found.append("Replies were recorded elsewhere, so nobody here knows prompt, settings or version of the models.")
    if first.code_version != other.code_version:
        found.append(
            f"{other.run_id} was scored by dermatrust {other.code_version}, {first.run_id} by {first.code_version}; "
            "their lexicons may match names differently."
        )
    if first.dataset.name == other.dataset.name:
        found.append(
            f"{first.run_id} and {other.run_id} are both of {first.dataset.name}; where they share patients the "
            "intervals of the differences are too wide."
        )
    return found


def _prompt(manifest: Manifest) -> str:
    return ", ".join(f"{name} ({digest[:8]})" for name, digest in manifest.prompts.items()) or "not recorded"


def _endpoint(manifest: Manifest, model: str) -> dict[str, object]:
    return next((dict(card.endpoint) for card in manifest.models if card.model == model), {})


def _is_recorded(endpoint: dict[str, object]) -> bool:
    return endpoint.get("kind") == "replay"
