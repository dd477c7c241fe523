"""What models and raters said in a run, kept in the run folder so that its cases can be read without any of them."""

from collections.abc import Iterable

from dermatrust.bench.play import Sample
from dermatrust.store.atomic import replacing
from dermatrust.store.run import RunFolder

Said = tuple[str, str]
"""Lines of `narratives.jsonl` and of `ratings.jsonl`, each with its line end."""


def said_of(sample: Sample) -> Said:
    """Return a sample's narrative, if there is one, and all its ratings."""
    narrative = "" if sample.narrative is None else f"{sample.narrative.to_line()}\n"
    by_rater = (*sample.ratings.values(), *sample.evaluations.values())
    return narrative, "".join(f"{rating.to_line()}\n" for ratings in by_rater for rating in ratings)


def write_said(run: RunFolder, said: Iterable[Said]) -> None:
    """Replace both files, whole or not at all, with what was said.

    Raises:
        DataError: They cannot be written.
    """
    with replacing(run.narratives_path) as narratives, replacing(run.ratings_path) as ratings:
        for narrative, rated in said:
            narratives.write(narrative.encode())
            ratings.write(rated.encode())
