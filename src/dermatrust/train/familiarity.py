"""What the embedded evaluator has read, drawn again from the recipe it was trained by.

python -m dermatrust.train.familiarity configs/nano.yaml

The limit is the smallest number of pairs never met by which at most one in a hundred of other drawn texts has an
unfamiliar sentence. Those texts are of seeds of their own, and no wording of any attack is looked at. What comes of it
on texts that chose nothing is measured by `benchmarks/familiarity.py`.
"""

from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

import click

from dermatrust.datasets.atlas_chunk import AtlasSettings, drawn_texts
from dermatrust.evaluator.familiar_text import FAMILIAR_TEXT, FamiliarText, pairs_of, write_familiar_text
from dermatrust.evaluator.nano import WEIGHTS
from dermatrust.train.recipe import Drawn, Recipe, load_recipe

FALSE_ALARMS = 0.01
"""At most such a share of drawn texts may be unfamiliar."""
TUNING = (AtlasSettings(seed=61, critiques=True), AtlasSettings(seed=62, n_candidates=0, n_hybrids=1, critiques=True))
N_TUNING = 1000
"""Cases of each of these."""


def familiar_text(recipe: Recipe) -> FamiliarText | None:
    """Return what an evaluator of a recipe has read; None where a part of it is a dataset folder.

    The limit is chosen on drawn texts, and says nothing of other people's. The narrators' texts are left out: they are
    put into the same words as the others.
    """
    drawn = [source.atlas for source in recipe.data if source.atlas is not None]
    if len(drawn) < len(recipe.data):
        return None
    pairs = pairs_of(chain.from_iterable(drawn_texts(settings_of(one), one.n) for one in drawn))
    tuning = chain.from_iterable(drawn_texts(settings, N_TUNING) for settings in TUNING)
    return FamiliarText(pairs, choose_limit(FamiliarText(pairs, 1), tuning))


def keep_familiar_text(recipe: Recipe, folder: Path) -> FamiliarText | None:
    """Write what an evaluator has read beside its weights, and return it; where nothing is known, no older file stays.

    Raises:
        DataError: It cannot be written.
    """
    found = familiar_text(recipe)
    if found is None:
        (folder / FAMILIAR_TEXT).unlink(missing_ok=True)
    else:
        write_familiar_text(folder / FAMILIAR_TEXT, found)
    return found


def choose_limit(familiar: FamiliarText, texts: Iterable[str]) -> int:
    """Return the smallest limit by which at most `FALSE_ALARMS` of some texts are unfamiliar.

    Example:
        >>> choose_limit(FamiliarText(pairs_of(["A red spot."]), 1), ["A red spot."] * 100)
        1
    """
    unmet = [familiar.n_unmet(text) for text in texts]
    return next(limit for limit in count(1) if sum(n >= limit for n in unmet) <= FALSE_ALARMS * len(unmet))


def settings_of(drawn: Drawn) -> AtlasSettings:
    """Return the settings of a part of the atlas, as far as texts with planted errors depend on them."""
    from dermatrust.atlas.disease import diseases_by_id

    diseases = tuple(name for name in diseases_by_id() if name not in drawn.without) if drawn.without else ()
    degrade = drawn.degrade or ()
    return AtlasSettings(
        seed=drawn.seed, split=drawn.split, degrade=degrade, n_candidates=drawn.candidates, n_hybrids=drawn.hybrids,
        critiques=True, phrasing=drawn.phrasing, diseases=diseases,
    )  # fmt: skip


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, help="The folder of the weights.")
def main(config: Path, out: Path) -> None:
    """Draw what an evaluator has read, and keep it beside its weights."""
    found = keep_familiar_text(load_recipe(config), out)
    if found is None:
        click.echo("not known: the recipe reads a dataset folder", err=True)
    else:
        click.echo(f"{len(found.pairs):,} pairs of words; a sentence with {found.limit} others is unfamiliar", err=True)


if __name__ == "__main__":
    main()
