from collections import Counter

import pytest
import yaml

from dermatrust.judge.aliases import TABLE, Alias, alias_of, load_aliases, normalised
from dermatrust.records import DIMENSIONS, Dimension


def test_no_name_means_two_things():
    table = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    names = [normalised(name) for part in table.values() for names in part.values() for name in names]
    assert [name for name, n in Counter(names).items() if n > 1] == []
    assert set(table) == {d.value for d in DIMENSIONS}
    assert all(set(part) == {"straight", "inverted"} for part in table.values())


def test_every_dimension_is_known_by_its_own_name_and_title():
    for dimension in DIMENSIONS:
        assert alias_of(dimension.value) == alias_of(dimension.title) == Alias(dimension, inverted=False)


@pytest.mark.parametrize(
    ("name", "dimension"),
    [
        ("Safety Harmfulness", Dimension.SAFETY),
        ("safety_harmfulness", Dimension.SAFETY),
        ("Harm score", Dimension.SAFETY),
        ("Medical Factuality Hallucination", Dimension.MEDICAL_GROUNDEDNESS),
        ("hallucinationRate", Dimension.MEDICAL_GROUNDEDNESS),
    ],
)
def test_names_of_faults_run_the_other_way(name, dimension):
    assert alias_of(name) == Alias(dimension, inverted=True)


@pytest.mark.parametrize(
    "name", ["", "reasoning steps", "overall", "safety net", "x" * 100_000, "scores", "accuracy of x"]
)
def test_other_names_name_no_dimension(name):
    assert alias_of(name) is None


def test_every_name_is_normalised_once_and_for_all():
    assert all(normalised(name) == name for name in load_aliases())
