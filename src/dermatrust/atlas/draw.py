"""From a seed to what is true of a case: any case of any split by its number, without drawing those before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.random import Generator, SeedSequence

from dermatrust.atlas.disease import Disease, Weights, load_diseases, size_range
from dermatrust.atlas.facts import Facts, Findings, View
from dermatrust.atlas.vocabulary import FEATURES, SYMPTOMS, Angle

FITZPATRICK_OF_MONK = (1, 1, 2, 2, 3, 4, 4, 5, 6, 6)
"""Fitzpatrick type that usually goes with Monk tones 1-10. The scales measure different things (sunburn and colour), so
any such table is rough; Monk (2023), The Monk Skin Tone Scale, https://doi.org/10.31235/osf.io/pdf4c, gives none."""
DARK_FROM_MONK = 6
"""From this Monk tone on, colours are taken from the dark-skin column."""
MOST_LESIONS = 24
FEWEST_GENERALISED = 8
"""Fewer lesions than this make no eruption."""
SPAN_MM = {
    "Scalp": 180, "Face": 180, "Lip": 50, "Neck": 120, "Chest": 300, "Back": 400, "Abdomen": 300, "Buttock": 250,
    "Arm": 250, "Elbow": 100, "Forearm": 220, "Hand": 100, "Palm": 90, "Finger": 60, "Nail": 15, "Thigh": 350,
    "Knee": 140, "Leg": 300, "Foot": 200, "Sole": 200,
}  # fmt: skip
"""How long the largest lesion can be that has room at a site, mm. Rough sizes of an adult's body, ours."""
MOST_SEED = 2**32
"""Seeds are below this: larger ones would fall into the words that tell splits apart."""
_SERIES: tuple[tuple[Angle, ...], ...] = (("near",), ("near", "far"), ("near", "far", "oblique"))


def draw_facts(
    seed: int, split: str, number: int, *, diseases: Sequence[Disease] | None = None, monk: int | None = None
) -> Facts:
    """Return what is true of case `number` of a split.

    Args:
        seed: Seed of the atlas. Another seed has other patients.
        split: Name of the split; patients of different splits are never the same.
        number: From 0.
        diseases: The packaged ones unless given.
        monk: The skin tone of every patient, 1-10; drawn evenly unless given.

    Raises:
        DataError: The packaged table cannot be read.
        ValueError: No disease, a negative number, a seed that is negative or not below MOST_SEED, or a tone off the
            scale.

    Example:
        >>> draw_facts(0, "train", 7) == draw_facts(0, "train", 7), draw_facts(0, "train", 7).case_id
        (True, 'atlas-train-000007')
    """
    table = tuple(load_diseases() if diseases is None else diseases)
    if not table:
        raise ValueError("diseases is empty; give at least one")
    if number < 0 or not 0 <= seed < MOST_SEED:
        raise ValueError(f"seed {seed} and number {number} must be at least 0, and the seed below {MOST_SEED}")
    if monk is not None and not 1 <= monk <= len(FITZPATRICK_OF_MONK):
        raise ValueError(f"monk is {monk}; expected 1 to {len(FITZPATRICK_OF_MONK)}")
    person, place = _patient_of(number)
    patient = _draw_patient(np.random.default_rng(_seed(seed, split, 0, person)), table)
    tone = patient.monk if monk is None else monk
    rng = np.random.default_rng(_seed(seed, split, 1, number))
    disease = patient.first if place == 0 else _second_disease(patient, table, rng)
    return Facts(
        case_id=f"atlas-{split}-{number:06d}",
        patient_id=f"atlas-{split}-p{person:06d}",
        split=split,
        diagnosis=disease.diagnosis.id,
        differential=_differential(disease),
        urgency=disease.diagnosis.urgency,
        findings=_findings(disease, tone, rng),
        symptoms=tuple((name, rng.random() < dict(disease.symptoms).get(name, 0.0)) for name in SYMPTOMS),
        red_flags=tuple(name for name, chance in disease.red_flags if rng.random() < chance),
        age=patient.age,
        sex=patient.sex,
        monk=tone,
        fitzpatrick=FITZPATRICK_OF_MONK[tone - 1],
        views=_views(rng),
        seed=int(rng.integers(2**32)),
    )


@dataclass(frozen=True, slots=True)
class _Patient:
    monk: int
    age: int
    sex: str
    first: Disease


def _patient_of(number: int) -> tuple[int, int]:
    """Return whose case it is and which of theirs: three cases make two patients, the second of whom has two."""
    return 2 * (number // 3) + min(number % 3, 1), int(number % 3 == 2)


def _draw_patient(rng: Generator, table: Sequence[Disease]) -> _Patient:
    first = table[int(rng.integers(len(table)))]
    youngest, oldest = first.age
    age = youngest + int(rng.integers(oldest - youngest + 1))
    return _Patient(1 + int(rng.integers(10)), age, "female" if rng.random() < first.female else "male", first)


def _second_disease(patient: _Patient, table: Sequence[Disease], rng: Generator) -> Disease:
    """Return a disease that strikes people of this age and sex; the patient's first is always one."""
    share = [one.female if patient.sex == "female" else 1 - one.female for one in table]
    fitting = [d for d, s in zip(table, share, strict=True) if d.age[0] <= patient.age <= d.age[1] and s > 0]
    return fitting[int(rng.integers(len(fitting)))]


def _seed(seed: int, split: str, *path: int) -> SeedSequence:
    return SeedSequence([seed, *split.encode(), 2**16, *path])


def pick(weights: Weights, rng: Generator) -> str:
    """Return one value by its weight; weights add up to 1."""
    point = rng.random()
    for (value, _), edge in zip(weights, accumulate(weight for _, weight in weights), strict=True):
        if point < edge:
            return value
    return weights[-1][0]


def _findings(disease: Disease, monk: int, rng: Generator) -> Findings:
    choices = disease.choices
    count = pick(choices["count"], rng)
    wanted = dict(disease.features)
    features = tuple(name for name in FEATURES if rng.random() < wanted.get(name, 0.0))
    distribution = pick(choices["distribution"], rng)
    n_lesions = 1 if count == "Solitary" else 3 + int(rng.integers(MOST_LESIONS - 3 + 1))
    site = pick(choices["sites"], rng)
    primary = pick(choices["primary"], rng)
    if count == "Solitary":
        distribution = "Localised"
    lesions_abreast = 3 if distribution == "Generalised" else 1 if count == "Solitary" else 2
    room = SPAN_MM[site] / lesions_abreast
    smallest, largest = size_range(primary, disease.size_mm)
    largest = min(largest, max(room, smallest))
    size_mm = round(smallest + (largest - smallest) * rng.random(), 1)
    if n_lesions > 1:
        fewest = FEWEST_GENERALISED if distribution == "Generalised" else 3
        n_lesions = max(fewest, min(n_lesions, int((SPAN_MM[site] / size_mm) ** 2)))
    return Findings(
        site=site,
        primary=primary,
        features=features,
        colour=pick(choices["colour_dark" if monk >= DARK_FROM_MONK else "colour_light"], rng),
        shape=pick(choices["shape"], rng),
        border=pick(choices["border"], rng),
        surface=pick(choices["surface"], rng),
        count=count,
        distribution=distribution,
        size_mm=size_mm,
        n_lesions=n_lesions,
    )


def _differential(disease: Disease) -> tuple[tuple[str, float], ...]:
    """The true disease with half of the weight, its usual alternatives sharing the rest."""
    others = [(name, weight / 2) for name, weight in disease.differential]
    return ((disease.diagnosis.id, 0.5), *others)


def _views(rng: Generator) -> tuple[View, ...]:
    angles = _SERIES[int(rng.integers(len(_SERIES)))]
    return tuple(
        View(angle, int(rng.integers(2**32)), has_ruler=rng.random() < 0.2, has_text=rng.random() < 0.1)
        for angle in angles
    )
