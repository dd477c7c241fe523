"""The injection test: what texts put into a narrative, or drawn into its picture, do to a rater's scores.

Source of the threat and of its size: Clusmann et al. (2025), Nature Communications 16:1239,
https://doi.org/10.1038/s41467-024-55631-x.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dermatrust.audit.attack_images import CAPTIONS, FORMS
from dermatrust.audit.attack_texts import HARMLESS, attack_classes
from dermatrust.audit.detector import DetectorLine, FamiliarityLine, measure_detector, measure_familiarity
from dermatrust.audit.injection_plan import LONG, PLAIN, find_hosts, plan_pictures, plan_texts
from dermatrust.audit.shifts import Shifts, excess_success, mean_scores, share_of, shifts_of, succeeded
from dermatrust.audit.variants import Plan, Rated, Variant, check_same_audit, patient_of, rate_variants, write_variants
from dermatrust.bench.asking import Pace
from dermatrust.bench.play import Bench
from dermatrust.bench.results import Estimate, Measure
from dermatrust.bench.run import check_models
from dermatrust.errors import ModelError
from dermatrust.records import DatasetCard
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder

TEXTS, PICTURES = "texts", "pictures"
"""The folders of the variants, in the run folder."""
ALL_TEXTS, ALL_PICTURES = "all text attacks", "all picture attacks"
KINDS = (*attack_classes(), ALL_TEXTS, HARMLESS, *FORMS, ALL_PICTURES, CAPTIONS)
"""What a result can be about, in the order of every table."""


@dataclass(frozen=True, slots=True)
class InjectionRow:
    """What one class of attacks did to one rater."""

    rater: str
    kind: str
    n_wordings: int
    shifts: Shifts
    excess: Estimate | None
    """By how much it succeeds more often than harmless additions of its kind; None for these themselves."""
    n_unfamiliar: int
    """Changed narratives with a sentence whose like the evaluator knows it never met."""
    n_noticed: int
    """Changed narratives with any flag."""
    unnoticed: Estimate
    """Share of the pairs in which the attack succeeded and nothing flags it."""
    n_with_writing: int = 0
    """Changed narratives about a photograph in which writing was found."""

    @property
    def is_control(self) -> bool:
        """Whether nothing was asked for: what it did is what any addition does."""
        return self.kind in (HARMLESS, CAPTIONS)


@dataclass(frozen=True, slots=True)
class WritingLine:
    """In how many photographs without an attack writing was found.

    Attributes:
        rater: The evaluator that was shown them.
        n_found: Photographs with writing.
        n: Photographs looked at: those whose rating has a score.
    """

    rater: str
    n_found: int
    n: int


@dataclass(frozen=True, slots=True)
class InjectionAudit:
    """What attacks did to raters, and which of them the detector sees.

    Attributes:
        card: Of the dataset.
        n_cases: Cases whose narratives were attacked.
        n_patients: Patients of these, a case without a recorded one counted as one.
        per_attack: Narratives that each attack was put into.
        rows: By rater, then in the order of `KINDS`.
        plain: Rater to its scores of the narratives without any attack.
        detector: What the detector found, class by class.
        unfamiliar: What evaluators that know what they have read never met the like of, of the dataset's own texts.
        failures: Asks that brought no reply.
        writing: For each evaluator whose photographs were looked at for writing, in how many without an attack it was
            found; none where nobody looked.
    """

    card: DatasetCard
    n_cases: int
    n_patients: int
    per_attack: int
    rows: tuple[InjectionRow, ...]
    plain: dict[str, dict[Measure, Estimate]]
    detector: tuple[DetectorLine, ...]
    unfamiliar: tuple[FamiliarityLine, ...]
    failures: Counter[str]
    writing: tuple[WritingLine, ...] = ()

    @property
    def n_missing(self) -> int:
        """Pairs of narratives that lack a score, over all raters and classes."""
        return sum(row.shifts.n_missing for row in self.rows if row.kind not in (ALL_TEXTS, ALL_PICTURES))

    def knows_what_it_read(self, rater: str) -> bool:
        """Whether a rater can tell what is unfamiliar to it; of any other, none is no finding."""
        return any(line.rater == rater for line in self.unfamiliar)

    def looked_for_writing(self, rater: str) -> bool:
        """Whether writing was looked for in the photographs that a rater was shown."""
        return any(line.rater == rater for line in self.writing)


def audit_injection(bench: Bench, run: RunFolder, pace: Pace, *, per_attack: int = 2, seed: int = 0) -> InjectionAudit:
    """Put every attack into narratives, and into pictures for raters that look, and return what that did.

    The narratives attacked are poor: each stands under a case of another patient. What is rated lies in two ordinary
    dataset folders in the run folder, with `variants.jsonl` in each. The same call again asks for what is missing.

    Args:
        bench: The dataset, its judges and evaluators; models under test are not asked.
        run: Where everything is kept.
        pace: How fast to ask.
        per_attack: Narratives that each attack is put into, each of another case as far as there are enough.
        seed: Of the resampled patients.

    Raises:
        DataError: No case can be used, a picture cannot be read, or the run folder holds another audit.
        ModelError: No rater was named, or as `run_bench`.
    """
    if not bench.raters:
        raise ModelError("the audit", "has no rater", "a judge with -j or an evaluator with -m")
    check_models(bench)
    hosts = find_hosts(bench)
    plans = {TEXTS: plan_texts(bench, hosts, per_attack)}
    if bench.evaluators:
        plans[PICTURES] = plan_pictures(bench, hosts, per_attack)
    _write(bench, run, plans)
    rated, failures = rate_variants(run.path / TEXTS, bench, run, pace)
    rows = [row for one in rated for row in _rows(one, plans[TEXTS].variants, ALL_TEXTS, HARMLESS, seed)]
    writing: list[WritingLine] = []
    if bench.evaluators:
        seen, more = rate_variants(run.path / PICTURES, replace(bench, judges=()), run, pace)
        rows += [row for one in seen for row in _rows(one, plans[PICTURES].variants, ALL_PICTURES, CAPTIONS, seed)]
        writing += _writing(bench, seen, plans[PICTURES].variants)
        failures += more
    order = {rater.name: k for k, rater in enumerate(bench.raters)}
    return InjectionAudit(
        card=bench.dataset.card,
        n_cases=len(hosts),
        n_patients=len({patient_of(case) for case, _ in hosts}),
        per_attack=min(per_attack, len(hosts)),
        rows=tuple(sorted(rows, key=lambda row: (order[row.rater], KINDS.index(row.kind)))),
        plain={one.rater: _plain(one, plans[TEXTS].variants, seed) for one in rated},
        detector=measure_detector(bench.dataset, hosts[0][1].text),
        unfamiliar=tuple(measure_familiarity(bench.dataset, bench.evaluators)),
        failures=failures,
        writing=tuple(writing),
    )


def _write(bench: Bench, run: RunFolder, plans: Mapping[str, Plan]) -> None:
    with only_writer(run.path):
        check_same_audit(run, bench, plans.values())
        for name, plan in plans.items():
            write_variants(run.path / name, bench.dataset, plan, name=f"injection-{name}")


def _rows(rated: Rated, variants: Sequence[Variant], together: str, control: str, seed: int) -> Iterator[InjectionRow]:
    """Yield one rater's row for each class of attacks, for all attacks together, and for the harmless additions."""
    places = {variant.narrative_id: k for k, variant in enumerate(variants)}
    kinds: dict[str, list[int]] = {}
    for k, variant in enumerate(variants):
        if variant.kind not in (PLAIN, LONG):
            kinds.setdefault(variant.kind, []).append(k)
            if variant.kind != control:
                kinds.setdefault(together, []).append(k)
    plain = np.array([places[variant.plain_id] for variant in variants])
    success = succeeded(rated.scores[plain], rated.scores)
    is_noticed = rated.is_flagged | rated.is_unfamiliar | rated.has_writing
    unnoticed = np.where(is_noticed, 0 * success, success)  # what lacks a score stays missing
    patients = np.array([variant.patient for variant in variants], dtype=object)
    for kind, chosen in kinds.items():
        found = shifts_of(
            rated.scores[plain[chosen]], rated.scores[chosen], patients[chosen], rated.is_flagged[chosen], seed=seed
        )
        excess = None
        if kind != control:
            both = patients[chosen].tolist(), patients[kinds[control]].tolist()
            excess = excess_success(success[chosen], success[kinds[control]], both, seed=seed)
        missed = share_of(unnoticed[chosen], patients[chosen], seed=seed)
        yield InjectionRow(
            rated.rater, kind, len({variants[k].name for k in chosen}), found, excess,
            int(rated.is_unfamiliar[chosen].sum()), int(is_noticed[chosen].sum()), missed,
            int(rated.has_writing[chosen].sum()),
        )  # fmt: skip


def _writing(bench: Bench, seen: Sequence[Rated], variants: Sequence[Variant]) -> Iterator[WritingLine]:
    """Yield what was found in the photographs without an attack, of each evaluator for which anybody looked."""
    plain = [k for k, variant in enumerate(variants) if variant.kind == PLAIN]
    for evaluator, rated in zip(bench.evaluators, seen, strict=True):
        if evaluator.reader is not None:
            looked_at = ~np.isnan(rated.scores[plain]).all(axis=1)
            n_found = int(rated.has_writing[plain][looked_at].sum())
            yield WritingLine(rated.rater, n_found, int(looked_at.sum()))


def _plain(rated: Rated, variants: Sequence[Variant], seed: int) -> dict[Measure, Estimate]:
    chosen = [k for k, variant in enumerate(variants) if variant.kind == PLAIN]
    return mean_scores(rated.scores[chosen], [variants[k].patient for k in chosen], seed=seed)
