"""A run of consecutive cases of the drawn atlas: their images on disk, their lines for the files of the dataset."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from dermatrust.atlas.critique import write_critique
from dermatrust.atlas.degrade import DEGRADATIONS, SEVERITIES, Degradation, Severity, degrade
from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.draw import draw_facts
from dermatrust.atlas.errors import errors_of
from dermatrust.atlas.facts import Facts, View
from dermatrust.atlas.phrases import Phrasing
from dermatrust.atlas.planting import draw_candidate, draw_hybrid
from dermatrust.atlas.prose import write_narrative, write_reference
from dermatrust.atlas.raters import PANEL
from dermatrust.atlas.render import render
from dermatrust.atlas.said import NarrativeError, Said
from dermatrust.atlas.scoring import true_scores
from dermatrust.clients.nano import NanoClient, Network, nano_names
from dermatrust.datasets.atlas_truth import ERRORS, TRUTH, atlas_truth, planted_errors
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, ClinicalContext, DifferentialItem, Narrative, Rating, Record
from dermatrust.store.atomic import write_bytes
from dermatrust.store.layout import CASES, NARRATIVES, RATINGS, REFERENCES

REFERENCE_AUTHOR = "dermatrust atlas (synthetic)"
CANDIDATE_AUTHOR = "atlas/planted-errors"
HYBRID_AUTHOR = "atlas/two-cases"
MOST_CASES = 1_000_000
Done = tuple[Degradation, Severity]
"""One thing done to an image: kind and severity."""
EVERY_DEGRADATION: tuple[Done, ...] = tuple((kind, s) for kind in DEGRADATIONS for s in SEVERITIES)

Degrade = Literal["all", "random"] | tuple[Done, ...]
"""What is done to images: these, one after another; "all": each image gets the next of all kinds and severities in
turn; "random": each image gets one of them by chance, or stays as it is."""

TRUTH_RATER = "atlas/truth"
"""The rater who gives true scores and a critique that compares; what an evaluator is trained to agree with."""
_CANDIDATE = 21
_CHOICE = 22
_NARRATOR = 23
_HYBRID = 24
"""These keep streams of chance that start from one seed apart."""


@dataclass(frozen=True, slots=True)
class AtlasSettings:
    """What the bytes of a drawn dataset depend on, besides its number of cases.

    Attributes:
        seed: Another seed has other patients.
        split: Its name.
        degrade: What is done to the images.
        n_raters: Simulated raters of every candidate narrative.
        n_candidates: Candidate narratives with planted errors for each case.
        n_hybrids: Candidates that mix the case with another patient's.
        narrators: Whether the embedded narrators' texts are candidates too.
        critiques: Whether `TRUTH_RATER` rates every candidate too.
        phrasing: Which phrasings the candidates use.
        diseases: Lexicon ids of the diseases drawn; all of the table where there are none.
    """

    seed: int = 0
    split: str = "train"
    degrade: Degrade = ()
    n_raters: int = 0
    n_candidates: int = 1
    n_hybrids: int = 0
    narrators: bool = False
    critiques: bool = False
    phrasing: Phrasing = "all"
    diseases: tuple[str, ...] = ()

    @property
    def has_candidates(self) -> bool:
        """Whether there are candidates: they are written for somebody to rate."""
        return bool(self.n_raters or self.critiques)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the JSONL files, in the order in which `write_chunk` returns their lines."""
        outputs = (NARRATIVES, RATINGS, ERRORS) if self.has_candidates else ()
        return (CASES, REFERENCES, TRUTH, *outputs)

    def facts(self, number: int) -> Facts:
        """Return what is true of a case, with what is done to its photographs."""
        known = diseases_by_id()
        table = [known[name] for name in self.diseases] or None
        return _spoilt(draw_facts(self.seed, self.split, number, diseases=table), self.degrade, number)


def write_chunk(folder: Path, settings: AtlasSettings, start: int, stop: int) -> tuple[bytes, ...]:
    """Draw the cases `start` to `stop` - 1, write their images, and return their lines, one value for each file.

    Raises:
        DataError: An image cannot be written.
    """
    lines: dict[str, list[str]] = {name: [] for name in settings.files}
    for number in range(start, stop):
        facts = settings.facts(number)
        names = image_names(facts)
        photographs = [_photograph(facts, view) for view in facts.views]
        for name, photograph in zip(names, photographs, strict=True):
            # Not forced to disk one by one, which would take minutes: the same command makes them again.
            write_bytes(folder / name, photograph, durable=False)
        lines[TRUTH].append(atlas_truth(facts, names).to_line())
        for name, record in _texts(facts, settings, number, photographs):
            lines[name].append(record.to_line())
    return tuple("".join(f"{line}\n" for line in lines[name]).encode("utf-8") for name in settings.files)


def drawn_texts(settings: AtlasSettings, n: int) -> Iterator[str]:
    """Yield the candidate narratives of the first `n` cases without drawing a picture; narrators, who look, have none.

    Example:
        >>> len(list(drawn_texts(AtlasSettings(n_candidates=2, n_hybrids=1), 3)))
        9
    """
    for number in range(n):
        facts = settings.facts(number)
        for *_, text in (*_planted(facts, settings), *_hybrids(facts, settings, number)):
            yield text


def atlas_case(facts: Facts) -> Case:
    """Return a drawn case as a record: what a dataset knows, in names instead of ids.

    Example:
        >>> case = atlas_case(draw_facts(0, "train", 7))
        >>> case.id, case.split, case.file_names[0]
        ('atlas-train-000007', 'train', 'images/000007-1-near.jpg')
    """
    diagnoses = load_lexicon().diagnoses
    history = {"reported": ", ".join(facts.red_flags)} if facts.red_flags else {}
    return Case(
        id=facts.case_id,
        file_names=image_names(facts),
        patient_id=facts.patient_id,
        label=diagnoses[facts.diagnosis].name,
        category=diagnoses[facts.diagnosis].category,
        differential=tuple(
            DifferentialItem(diagnosis=diagnoses[name].name, weight=weight) for name, weight in facts.differential
        ),
        urgency=facts.urgency,
        split=facts.split,
        fitzpatrick=facts.fitzpatrick,
        monk=facts.monk,
        context=ClinicalContext(age=facts.age, sex=facts.sex, symptoms=dict(facts.symptoms), history=history),
    )


def image_names(facts: Facts) -> tuple[str, ...]:
    """Return the names of the images, free of words that loaders take for a split; see `store.new_dataset`."""
    number = facts.case_id.rpartition("-")[2]
    return tuple(f"images/{number}-{k}-{view.angle}.jpg" for k, view in enumerate(facts.views, start=1))


def _spoilt(facts: Facts, wanted: Degrade, number: int) -> Facts:
    """Return the case with what is to be done to its photographs; what they then hide may be left out of a text."""
    views = (replace(view, degradations=_degradations(wanted, number, k, view)) for k, view in enumerate(facts.views))
    return replace(facts, views=tuple(views))


def _degradations(wanted: Degrade, number: int, k: int, view: View) -> tuple[Done, ...]:
    """Return what is done to the image; the same for a case whatever was drawn before it."""
    if wanted == "all":
        return (EVERY_DEGRADATION[(number + 7 * k) % len(EVERY_DEGRADATION)],)
    if wanted == "random":
        place = int(np.random.default_rng([view.seed, _CHOICE]).integers(len(EVERY_DEGRADATION) + 1))
        return EVERY_DEGRADATION[place : place + 1]
    return wanted


def _photograph(facts: Facts, view: View) -> bytes:
    pixels = render(facts, view)
    for kind, severity in view.degradations:
        pixels = degrade(pixels, kind, severity, view.seed)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=92, subsampling=0)
    return file.getvalue()


def _texts(
    facts: Facts, settings: AtlasSettings, number: int, photographs: Sequence[bytes]
) -> Iterator[tuple[str, Record]]:
    """Yield (file, record) for the case, its reference and, where somebody rates them, candidates and their ratings."""
    yield CASES, atlas_case(facts)
    reference = Narrative(
        id=f"{facts.case_id}:reference", case_id=facts.case_id, text=write_reference(facts), author=REFERENCE_AUTHOR,
        stream="reference",
    )  # fmt: skip
    yield REFERENCES, reference
    if not settings.has_candidates:
        return
    candidates = [
        *_planted(facts, settings),
        *_hybrids(facts, settings, number),
        *_narrated(facts, settings, photographs),
    ]
    for k, (author, said, errors, text) in enumerate(candidates):
        scores = true_scores(errors)
        candidate = Narrative.candidate(case_id=facts.case_id, author=author, text=text)
        yield NARRATIVES, candidate
        yield ERRORS, planted_errors(candidate.id, author, errors, scores)
        for rater in PANEL[: settings.n_raters]:
            place = number * len(candidates) + k
            yield RATINGS, rater.rate(scores, place, narrative_id=candidate.id, seed=settings.seed)
        if settings.critiques:
            yield (
                RATINGS,
                Rating(
                    narrative_id=candidate.id, rater=TRUTH_RATER, scores=scores, critique=write_critique(facts, said)
                ),
            )


_Candidate = tuple[str, Said, tuple[NarrativeError, ...], str]
"""Author, content, known errors, text."""


def _planted(facts: Facts, settings: AtlasSettings) -> Iterator[_Candidate]:
    for k in range(settings.n_candidates):
        rng = np.random.default_rng([facts.seed, _CANDIDATE, *([k] if k else [])])
        said, errors, text = draw_candidate(facts, rng, phrasing=settings.phrasing)
        yield f"{CANDIDATE_AUTHOR}-{k + 1}" if k else CANDIDATE_AUTHOR, said, errors, text


def _hybrids(facts: Facts, settings: AtlasSettings, number: int) -> Iterator[_Candidate]:
    for k in range(settings.n_hybrids):
        other = settings.facts(MOST_CASES + settings.n_hybrids * number + k)  # nobody's photographs are drawn of these
        rng = np.random.default_rng([facts.seed, _HYBRID, k])
        yield f"{HYBRID_AUTHOR}-{k + 1}", *draw_hybrid(facts, other, rng, phrasing=settings.phrasing)


def _narrated(facts: Facts, settings: AtlasSettings, photographs: Sequence[bytes]) -> Iterator[_Candidate]:
    """Yield what the embedded narrators say of the case. They know no history, and are not held to it."""
    if not settings.narrators:
        return
    pictures = [Image.open(BytesIO(photograph)) for photograph in photographs]
    for k, name in enumerate(nano_names()):
        said = _network(name).perceive(pictures)
        text = write_narrative(said, np.random.default_rng([facts.seed, _NARRATOR, k]), phrasing=settings.phrasing)
        yield name, said, errors_of(facts, said, knows_history=False), text


@lru_cache(maxsize=8)
def _network(name: str) -> Network:
    return NanoClient(name).network
