"""Time and memory of all agreement tables of a large study, and of single statistics against the usual libraries.

    python benchmarks/agreement_speed.py [--rounds 3] [--peer-draws 20] [--resamples 10000]

The study is synthetic: 500 patients, 9 narratives each, 6 dimensions, a panel of 3 raters with 1 % of the scores
missing, and 2 automatic raters. Its tables are those of `dermatrust align` for agreement and for the panel. The target
is under 5 s on two cores and under 500 MB.

Then each statistic alone, on all six dimensions, scores complete and whole: ours with all resamples, and a library that
computes it anew for every resample of the patients in a plain loop. The library's time is that of a few resamples,
scaled up. Both give the same value of the whole sample, which is checked.
"""

import argparse
import resource
import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints
from dermatrust.agreement.interval import estimates
from dermatrust.agreement.statistic import Statistic
from dermatrust.align.compare import (
    ROUNDED,
    WITHIN_AS_GIVEN,
    WITHIN_ROUNDED,
    Bootstrap,
    agreement_rows,
    panel_rows,
)
from dermatrust.align.ratings import RatingTable
from dermatrust.align.target import Study, study_of
from dermatrust.records import DIMENSIONS, Case, Narrative, Rater

N_PATIENTS, PER_PATIENT, SIX = 500, 9, len(DIMENSIONS)
N_NARRATIVES = N_PATIENTS * PER_PATIENT
MISSING = 0.01
RATERS = (  # name, kind, noise, step of the scores
    ("steady", "human", 0.3, 0.5), ("strict", "human", 0.5, 0.5), ("tiring", "human", 0.8, 1.0),
    ("judge", "llm", 0.7, 1.0), ("evaluator", "evaluator", 0.6, 0.0),
)  # fmt: skip
PATIENTS: Ints = np.repeat(np.arange(N_PATIENTS), PER_PATIENT)


@dataclass(frozen=True)
class Peer:
    """A library's function of ratings, shape (raters, n), and the statistic of ours that is the same number."""

    library: str
    statistic: str
    n_raters: int
    ours: Statistic
    theirs: Callable[[Floats], float]


def scores() -> Floats:
    """Return the scores, shape (raters, narratives, 6), none missing yet."""
    rng = np.random.default_rng(0)
    own = 3 + 0.6 * rng.standard_normal((N_PATIENTS, SIX))
    truth = own[PATIENTS] + 0.8 * rng.standard_normal((N_NARRATIVES, SIX))
    given = []
    for _, _, noise, step in RATERS:
        latent = np.clip(truth + noise * rng.standard_normal(truth.shape), 0, 5)
        given.append(np.floor(latent / step + 0.5) * step if step else latent)
    return np.stack(given)


def study(given: Floats) -> Study:
    """Return the study with some of the scores missing."""
    some = np.where(np.random.default_rng(1).random(given.shape) < MISSING, np.nan, given)
    narratives = tuple(
        Narrative(id=f"n{k}", case_id=f"c{k}", text="Synthetic.", author=f"model-{k % PER_PATIENT}")
        for k in range(N_NARRATIVES)
    )
    table = RatingTable(
        raters=tuple(Rater(id=name, kind=kind) for name, kind, _, _ in RATERS),  # type: ignore[arg-type]
        narratives=narratives, cases=tuple(Case(id=one.case_id) for one in narratives), patients=PATIENTS,
        n_patients=N_PATIENTS, scores=some, draws=np.full((2, *some.shape), np.nan),
        places=np.zeros(some.shape[:2], dtype=np.int64), factors={}, n_empty=0,
    )  # fmt: skip
    return study_of(table)


def peers() -> list[Peer]:
    """Return what there is to compare with."""
    import krippendorff
    import pandas as pd
    import pingouin
    from scipy import stats
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import fleiss_kappa

    def kappa(weights: str) -> Callable[[Floats], float]:
        return lambda two: float(cohen_kappa_score(*two.astype(int), labels=range(6), weights=weights))

    def alpha(level: str) -> Callable[[Floats], float]:
        domain = list(range(6))
        return lambda table: float(krippendorff.alpha(table, value_domain=domain, level_of_measurement=level))

    def icc(table: Floats) -> float:
        units, raters = np.meshgrid(np.arange(table.shape[1]), np.arange(len(table)))
        rows = pd.DataFrame({"unit": units.ravel(), "rater": raters.ravel(), "score": table.ravel()})
        found = pingouin.intraclass_corr(rows, "unit", "rater", "score").set_index("Type")
        return float(found.loc["ICC(A,1)", "ICC"])

    def fleiss(table: Floats) -> float:
        return float(fleiss_kappa(np.stack([(table == level).sum(axis=0) for level in range(6)], axis=1)))

    library = "scikit-learn"
    return [
        Peer(library, "quadratic kappa", 2, ROUNDED["quadratic kappa"], kappa("quadratic")),
        Peer(library, "linear kappa", 2, ROUNDED["linear kappa"], kappa("linear")),
        Peer("scipy", "Spearman", 2, ROUNDED["Spearman"], lambda two: float(stats.spearmanr(*two).statistic)),
        Peer("scipy", "Kendall's tau-b", 2, ROUNDED["tau-b"], lambda two: float(stats.kendalltau(*two).statistic)),
        *(
            Peer("krippendorff", f"alpha, {level}", 3, WITHIN_ROUNDED[f"alpha, {level}"], alpha(level))
            for level in ("ordinal", "interval", "nominal")
        ),
        Peer("statsmodels", "Fleiss' kappa", 3, WITHIN_ROUNDED["Fleiss kappa"], fleiss),
        Peer("pingouin", "ICC(2,1)", 3, WITHIN_AS_GIVEN["ICC(2,1)"], icc),
    ]


def seconds_of_ours(peer: Peer, tables: list[Floats], n_resamples: int) -> float:
    begun = perf_counter()
    asked = [(peer.ours, table) for table in tables]
    estimates(asked, PATIENTS, rng=np.random.default_rng(0), n_resamples=n_resamples)
    return perf_counter() - begun


def seconds_a_draw(peer: Peer, tables: list[Floats], n_draws: int) -> float:
    """Return the library's seconds a resample, the places of whose narratives cost next to nothing."""
    rng = np.random.default_rng(0)
    begun = perf_counter()
    for _ in range(n_draws):
        drawn = rng.integers(N_PATIENTS, size=N_PATIENTS)
        items = (drawn[:, np.newaxis] * PER_PATIENT + np.arange(PER_PATIENT)).ravel()
        for table in tables:
            peer.theirs(table[:, items])
    return (perf_counter() - begun) / n_draws


def print_tables(given: Floats, rounds: int, n_resamples: int) -> None:
    asked, bootstrap, seconds, cpu = study(given), Bootstrap(n_resamples=n_resamples), [], []
    before = peak_mb()
    for _ in range(rounds):
        begun, begun_cpu, n_rows = perf_counter(), process_time(), 0
        for rows in (agreement_rows(asked, bootstrap), panel_rows(asked, bootstrap)):
            n_rows += len(rows)
        seconds.append(perf_counter() - begun)
        cpu.append(process_time() - begun_cpu)
    print(f"{N_NARRATIVES:,} narratives x {SIX} dimensions x {len(RATERS)} raters, {n_resamples:,} resamples:")
    each = " · ".join(f"{one:.2f}" for one in seconds)
    print(f"{n_rows} numbers with intervals in {each} s, {statistics.median(cpu):.2f} s of processor time; wanted: 5 s")
    print(f"largest resident set {peak_mb():.0f} MB, {before:.0f} of them before the first table; wanted under 500\n")


def print_peers(given: Floats, rounds: int, n_draws: int, n_resamples: int) -> None:
    whole = np.floor(given + 0.5)
    print(f"{'statistic':<16}{'library':<14}{'ours, s':>9}{'theirs, s':>11}{'ratio':>8}")
    print(f"{'':<16}{'':<14}{f'{n_resamples:,}':>9}{f'{n_draws} scaled':>11}")
    for peer in peers():
        chosen = whole[: peer.n_raters] if peer.n_raters > 2 else whole[[0, 3]]
        tables = [np.ascontiguousarray(chosen[:, :, d]) for d in range(SIX)]
        for table in tables:
            np.testing.assert_allclose(
                peer.ours(table), peer.theirs(table), atol=1e-3 if "ICC" in peer.statistic else 1e-9
            )
        ours = statistics.median(seconds_of_ours(peer, tables, n_resamples) for _ in range(rounds))
        theirs = n_resamples * seconds_a_draw(peer, tables, n_draws)
        print(f"{peer.statistic:<16}{peer.library:<14}{ours:>9.2f}{theirs:>11.0f}{theirs / ours:>8,.0f}")


def peak_mb() -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-draws", type=int, default=20)
    parser.add_argument("--resamples", type=int, default=10_000)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="pingouin")  # its way with pandas
    given = scores()
    print_tables(given, options.rounds, options.resamples)
    print_peers(given, options.rounds, options.peer_draws, options.resamples)


if __name__ == "__main__":
    main()
