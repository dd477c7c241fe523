"""Places of models, with ties where the scores do not tell them apart."""

from collections.abc import Mapping, Sequence

from dermatrust.bench.results import PairedDifference, Rank


def rank_models(
    means: Mapping[str, float], differences: Sequence[PairedDifference], significance: float = 0.05
) -> dict[str, Rank]:
    """Return the place of every model on one measure.

    A model's place is 1 + the number of models that are significantly better, that is whose paired difference is
    positive with an adjusted p-value below `significance`. Two models with the same place are tied unless they differ
    significantly (which they can, when each is worse than other models). Models that cannot be compared, for want of
    cases both were scored on, are not separated.

    Args:
        means: Mean of each model; a model whose mean is NaN gets no place.
        differences: Every pair once, on the same measure by the same rater.
        significance: Level of the comparison.

    Example:
        >>> rank_models({"a": 3.1, "b": 3.0}, [])
        {'a': Rank(place=1, tied=True), 'b': Rank(place=1, tied=True)}
    """
    better: dict[str, set[str]] = {author: set() for author in means}
    for pair in differences:
        if pair.p_holm < significance:
            winner, loser = (pair.first, pair.second) if pair.difference.value > 0 else (pair.second, pair.first)
            better[loser].add(winner)
    places = {author: 1 + len(better[author]) for author, mean in means.items() if mean == mean}

    def is_tied(author: str) -> bool:
        return any(
            place == places[author] and other != author and other not in better[author] and author not in better[other]
            for other, place in places.items()
        )

    return {
        author: Rank(places[author], is_tied(author)) if author in places else Rank(None, tied=False)
        for author in means
    }
