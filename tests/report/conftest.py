"""Tables, manifests and case pages made up for the report's tests. Nothing here is a real patient or a real result."""

import io
import math
from collections import Counter

import numpy as np
import pytest
from PIL import Image, ImageDraw

from dermatrust.bench.results import (
    FACTORS,
    MEASURES,
    NOT_RECORDED,
    BenchTable,
    Estimate,
    ModelRow,
    PairedDifference,
    Rank,
    SubgroupRow,
)
from dermatrust.records import (
    DIMENSIONS,
    Case,
    Certificate,
    ClinicalContext,
    DatasetCard,
    JudgeCard,
    Manifest,
    ModelCard,
    Narrative,
    Rating,
    Unscored,
)
from dermatrust.report import Candidate, CasePage

LEVELS = {
    "category": (
        "Eczema",
        "Psoriasis",
        "Melanoma and moles",
        "Acne and rosacea",
        "Viral infections",
        "Fungal infections",
        "Vascular tumours",
        "Urticaria",
        "Bullous disease",
        "Hair loss",
        "Nail disease",
        NOT_RECORDED,
    ),
    "skin type": ("II", "III", "V", NOT_RECORDED),
    "site": ("face", "forearm", "back", NOT_RECORDED),
}
NAN = float("nan")


def an_estimate(rng, centre, *, n=24, n_missing=0, half=0.25):
    value = float(np.clip(centre + rng.normal(0, 0.2), 0, 5))
    if n == 0:
        return Estimate(NAN, NAN, NAN, 0, n_missing)
    return Estimate(value, max(0.0, value - half), min(5.0, value + half * 1.1), n, n_missing)


def overall(scores):
    values = list(scores.values())
    mean = sum(e.value for e in values) / len(values)
    low, high = (sum(getattr(e, side) for e in values) / len(values) for side in ("low", "high"))
    return Estimate(mean, low, high, min(e.n for e in values), max(e.n_missing for e in values))


def build_table(authors, raters, *, n_cases=24, missing=True, n_factors=3, references="certified", seed=0):
    rng = np.random.default_rng(seed)
    rows, differences, subgroups = [], [], []
    for rater in sorted(raters):
        for i, author in enumerate(authors):
            gaps = 2 if missing and i == 1 else 0
            scores = {
                d: an_estimate(
                    rng, 3.9 - 0.7 * i, n=n_cases - gaps * (d == DIMENSIONS[1]), n_missing=gaps * (d == DIMENSIONS[1])
                )
                for d in DIMENSIONS
            }
            ranks = {m: Rank(1 if i < 2 else i + 1, tied=i < 2 and len(authors) > 1) for m in MEASURES}
            rows.append(
                ModelRow(
                    author,
                    rater,
                    scores,
                    overall(scores),
                    ranks,
                    n_cases,
                    n_cases,
                    n_refused=1 if i == 2 else 0,
                    n_empty=1 if i == 1 else 0,
                    references={references: n_cases},
                    missing=Counter(unreadable=gaps),
                )
            )
        ordered = sorted(authors)
        for m in MEASURES:
            for a in range(len(ordered)):
                for b in range(a + 1, len(ordered)):
                    d = 0.5 * (b - a) * (-1 if m == "safety" else 1) + float(rng.normal(0, 0.05))
                    p = 0.0004 if b - a > 1 else 0.11
                    differences.append(
                        PairedDifference(
                            rater,
                            m,
                            ordered[a],
                            ordered[b],
                            Estimate(d, d - 0.4, d + 0.4, n_cases - 1, 1),
                            p,
                            min(1, 2 * p),
                        )
                    )
        for factor in FACTORS[:n_factors]:
            levels = LEVELS[factor]
            for k, level in enumerate(levels):
                n = (n_cases + len(levels) - 1 - k) // len(levels) + (k == 0) * 0
                for i, author in enumerate(authors):
                    scores = {d: an_estimate(rng, 3.6 - 0.7 * i, n=n, half=0.6) for d in DIMENSIONS}
                    if n < 2:
                        scores = {d: Estimate(e.value, NAN, NAN, 1, 0) for d, e in scores.items()}
                    subgroups.append(SubgroupRow(author, rater, factor, level, n, n, 0, scores, overall(scores)))
    rows.sort(key=lambda r: (r.rater, -r.macro.value if not math.isnan(r.macro.value) else 9))
    return BenchTable(
        tuple(rows),
        tuple(differences),
        tuple(subgroups),
        tuple(sorted(raters)),
        tuple(sorted(authors)),
        n_cases,
        n_cases - 4,
        0,
        10_000,
        0,
    )


def build_manifest(authors, raters, *, synthetic=True, may_leave_machine=True, families=None, judge_family="lexical"):
    families = families or {}
    return Manifest(
        run_id="2026-05-03-a1b2c3",
        code_version="0.1.0",
        command="dermatrust bench atlas -m a -m b --judge lexical",
        dataset=DatasetCard(
            name="Skin sketches",
            version="1.2",
            source="drawn by this project",
            licence="CC0-1.0",
            consent="no patients",
            may_leave_machine=may_leave_machine,
            synthetic=synthetic,
            citation="The authors (2026)",
        ),
        dataset_hash="blake2b:0123456789abcdef",
        n_cases=24,
        models=tuple(
            ModelCard(model=a, family=families.get(a, "unknown"), endpoint={"kind": "replay"}) for a in authors
        ),
        judges=tuple(
            JudgeCard(
                judge=r,
                kind="lexical" if r == "lexical" else "llm",
                family=judge_family,
                version="1",
                rubric="rubric@1:aabbccddeeff",
                prompt="judge@1:001122334455",
                temperature=0.0,
                repeats=2,
            )
            for r in raters
        ),
        prompts={"candidate@1": "3f2a9c000000", "rubric@1": "aabbccddeeff"},
        seeds={"bootstrap": 0},
        config={"models": list(authors), "limit": None},
        started="2026-05-03T14:03:59+00:00",
        finished="2026-05-03T14:05:01+00:00",
    )


def sketch(seed, size=(640, 480)):
    """A drawn placeholder for a photograph."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(int(x) for x in rng.integers(150, 235, 3)))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, r = rng.integers(80, 400), rng.integers(80, 300), rng.integers(15, 70)
        draw.ellipse((x, y, x + 2 * r, y + r), fill=tuple(int(c) for c in rng.integers(60, 160, 3)))
    out = io.BytesIO()
    image.save(out, "JPEG")
    return out.getvalue()


TEXT = (
    "The photograph shows a well-demarcated erythematous plaque, about 3 cm across, with silvery scale on the extensor "
    "surface of the forearm.\n\nThe sharp border and the adherent scale favour a papulosquamous process. Psoriasis, "
    "nummular eczema and tinea corporis are considered; central clearing is absent and there is no vesiculation.\n\n"
    "The answer is PSORIASIS."
)


def a_rating(narrative_id, rater, *, base=3.0, draw=0, unscored=(), critique="Names the plaque and its scale.", raw=""):
    scores = {d: min(5.0, max(0.0, base + 0.5 * (k % 3))) for k, d in enumerate(DIMENSIONS) if d not in unscored}
    return Rating(
        narrative_id=narrative_id,
        rater=rater,
        scores=scores,
        critique=critique,
        draw=draw,
        unscored={d: Unscored(reason="unreadable", raw=raw) for d in unscored},
    )


def build_page(k, authors, raters, *, images=None):
    candidates = []
    for i, author in enumerate(authors):
        empty = k % 7 == 3 and i == 1
        refused = k % 5 == 2 and i == 2
        text = "" if empty else "I can't help with medical images." if refused else TEXT
        gaps = (DIMENSIONS[1],) if k % 6 == 1 and i == 1 else ()
        ratings = tuple(
            a_rating(
                f"n{k}-{i}", r, base=0 if empty else 4 - i, unscored=gaps, raw="I would rather not say." if gaps else ""
            )
            for r in raters
        )
        candidates.append(Candidate(author, text, refused=refused, empty=empty, ratings=ratings))
    case = Case(
        id=f"sketch-{k:03d}",
        label="Psoriasis",
        category="Psoriasis",
        patient_id=f"SECRET-{k}",
        fitzpatrick=1 + k % 6,
        urgency="routine",
        context=ClinicalContext(
            age=40 + k % 60,
            sex="female",
            site="forearm",
            symptoms={"itch": True, "pain": False},
            history={"duration": "three weeks"},
            note="Worse in winter.",
        ),
    )
    reference = Narrative(
        id=f"r{k}",
        case_id=case.id,
        text=TEXT,
        author="expert",
        stream="reference",
        certificate=Certificate(certified_by="Dr Example", source="drawn with the case"),
    )
    return CasePage(case, images if images is not None else (sketch(k),), reference, tuple(candidates))


@pytest.fixture
def make_table():
    return build_table


@pytest.fixture
def make_manifest():
    return build_manifest


@pytest.fixture
def make_page():
    return build_page


@pytest.fixture
def make_rating():
    return a_rating


@pytest.fixture
def make_sketch():
    return sketch
