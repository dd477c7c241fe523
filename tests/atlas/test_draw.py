"""Drawing cases: repeatable by number, consistent within a patient, and as frequent as the table says."""

import math
from collections import Counter

import pytest

from dermatrust.atlas.disease import SIZE_OF_PRIMARY, load_diseases
from dermatrust.atlas.draw import DARK_FROM_MONK, FEWEST_GENERALISED, MOST_LESIONS, SPAN_MM, draw_facts
from dermatrust.atlas.facts import Facts
from dermatrust.lexicon import load_lexicon

CASES = [draw_facts(3, "train", number) for number in range(600)]
N = 800


def _of(disease_id: str, monk: int) -> list[Facts]:
    only = [one for one in load_diseases() if one.diagnosis.id == disease_id]
    return [draw_facts(11, "only", number, diseases=only, monk=monk) for number in range(N)]


def _near(seen: int, chance: float, drawn: int = N) -> bool:
    """Whether a count lies within 4.5 standard deviations of a binomial mean."""
    return abs(seen - drawn * chance) <= 4.5 * math.sqrt(drawn * chance * (1 - chance)) + 1e-9


def test_any_case_is_the_same_without_those_before_it() -> None:
    for number in (599, 17, 300, 0):
        assert draw_facts(3, "train", number) == CASES[number]


def test_patients_of_other_splits_and_seeds_differ() -> None:
    other_split = [draw_facts(3, "test", number) for number in range(60)]
    other_seed = [draw_facts(4, "train", number) for number in range(60)]
    assert not {one.patient_id for one in other_split} & {one.patient_id for one in CASES}
    assert not {one.seed for one in [*other_split, *other_seed]} & {one.seed for one in CASES}


def test_two_cases_of_a_patient_share_tone_age_and_sex() -> None:
    people: dict[str, list[Facts]] = {}
    for one in CASES:
        people.setdefault(one.patient_id, []).append(one)
    assert Counter(len(cases) for cases in people.values()) == {1: 200, 2: 200}
    for cases in people.values():
        assert len({(one.monk, one.age, one.sex, one.fitzpatrick) for one in cases}) == 1


def test_age_suits_every_disease() -> None:
    ages = {one.diagnosis.id: one.age for one in load_diseases()}
    for one in CASES:
        assert ages[one.diagnosis][0] <= one.age <= ages[one.diagnosis][1]


def test_solitary_exactly_if_one_lesion_and_then_localised() -> None:
    for one in CASES:
        found = one.findings
        assert (found.count == "Solitary") == (found.n_lesions == 1)
        assert 1 <= found.n_lesions <= MOST_LESIONS
        assert found.count == "Multiple" or found.distribution == "Localised"


def test_size_fits_the_name_of_the_primary_lesion() -> None:
    for one in CASES:
        smallest, largest = SIZE_OF_PRIMARY[one.findings.primary]
        assert smallest <= one.findings.size_mm <= largest, one


def test_urgency_is_the_lexicons() -> None:
    for one in CASES:
        assert one.urgency == load_lexicon().diagnoses[one.diagnosis].urgency


def test_differential_adds_up_with_the_truth_first() -> None:
    for one in CASES:
        assert one.differential[0] == (one.diagnosis, 0.5)
        assert sum(weight for _, weight in one.differential) == pytest.approx(1.0)
        assert len({name for name, _ in one.differential}) == len(one.differential)


@pytest.mark.parametrize("disease_id", ["squamous-cell-carcinoma", "stevens-johnson-syndrome", "acne-vulgaris"])
@pytest.mark.parametrize("monk", [DARK_FROM_MONK - 1, DARK_FROM_MONK])
def test_drawn_values_are_as_frequent_as_the_table_says(disease_id: str, monk: int) -> None:
    disease = next(one for one in load_diseases() if one.diagnosis.id == disease_id)
    cases = _of(disease_id, monk)
    colour = "colour_dark" if monk >= DARK_FROM_MONK else "colour_light"
    read = {"sites": "site", "primary": "primary", "shape": "shape", colour: "colour", "border": "border"}
    for column, attribute in read.items():
        seen = Counter(getattr(one.findings, attribute) for one in cases)
        assert set(seen) <= set(dict(disease.choices[column]))
        assert all(_near(seen[value], weight) for value, weight in disease.choices[column]), (column, seen)
    features = Counter(name for one in cases for name in one.findings.features)
    flags = Counter(name for one in cases for name in one.red_flags)
    symptoms = Counter(name for one in cases for name, has in one.symptoms if has)
    for seen, chances in ((features, disease.features), (flags, disease.red_flags), (symptoms, disease.symptoms)):
        assert all(_near(seen[name], chance) for name, chance in chances), seen
    sexes = list({one.patient_id: one.sex for one in cases}.values())
    assert _near(sexes.count("female"), disease.female, len(sexes))


@pytest.mark.parametrize(
    ("number", "monk", "diseases"), [(-1, None, None), (0, 0, None), (0, 11, None), (0, None, [])]
)  # fmt: skip
def test_impossible_wishes_are_refused(number: int, monk: int | None, diseases: list[object] | None) -> None:
    with pytest.raises(ValueError, match=r"at least|expected"):
        draw_facts(0, "train", number, monk=monk, diseases=diseases)  # type: ignore[arg-type]


def test_lesions_have_room_at_their_site():
    for number in range(3000):
        found = draw_facts(8, "room", number).findings
        assert found.size_mm <= SPAN_MM[found.site], found
        assert found.n_lesions * found.size_mm**2 <= 1.01 * SPAN_MM[found.site] ** 2, found
        if found.distribution == "Generalised":
            assert found.n_lesions >= FEWEST_GENERALISED


def test_warning_signs_do_not_contradict_each_other_or_the_site():
    for number in range(3000):
        facts = draw_facts(9, "flags", number)
        if "Non-blanching rash with fever" in facts.red_flags:
            assert "Fever" in facts.red_flags
        if facts.diagnosis in ("herpes-zoster", "eczema-herpeticum"):
            assert "Eye involvement" not in facts.red_flags


def test_seeds_that_would_collide_are_refused():
    with pytest.raises(ValueError, match="the seed below 4294967296"):
        draw_facts(2**32, "train", 0)
