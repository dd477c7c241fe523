"""From samples to the rows of `scores.parquet`."""

from collections.abc import Iterator

from dermatrust.bench.play import Sample
from dermatrust.judge.draws import combine_draws
from dermatrust.narrate import is_refusal
from dermatrust.records import DIMENSIONS, ScoreRow, reference_kind


def score_rows(sample: Sample) -> Iterator[ScoreRow]:
    """Yield one row per rater and dimension."""
    case, narrative = sample.case, sample.narrative
    is_empty = narrative is not None and not narrative.text.strip()
    refused = narrative is not None and not is_empty and is_refusal(narrative.text)
    kind = reference_kind(sample.reference)
    read = {rater: (ratings, kind) for rater, ratings in sample.ratings.items()}
    read |= {rater: (ratings, None) for rater, ratings in sample.evaluations.items()}
    for rater, (ratings, beside) in read.items():
        combined = combine_draws(ratings)
        flags = {flag for rating in ratings for flag in rating.flags}
        for dimension in DIMENSIONS:
            score = combined[dimension]
            yield ScoreRow(
                case_id=case.id,
                patient_id=case.patient_id,
                category=case.category,
                fitzpatrick=case.fitzpatrick,
                site=case.context.site,
                narrative_id=None if narrative is None else narrative.id,
                author=sample.author,
                refused=refused,
                empty=is_empty,
                rater=rater,
                dimension=dimension,
                score=score.mean,
                spread=score.spread,
                n_draws=score.n,
                unscored=score.unscored,
                reference=beside,
                injection_suspected="injection_suspected" in flags,
                unfamiliar_text="unfamiliar_text" in flags,
                writing_in_image="writing_in_image" in flags,
            )
