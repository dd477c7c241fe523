"""What makes datasets unlike, as a table with a column for each."""

from collections.abc import Sequence

from dermatrust.bench.text import cases_text
from dermatrust.clinic.gap_results import Makeup
from dermatrust.report.views import NOTHING, of_text, share_text


def makeup_lines(datasets: Sequence[Makeup]) -> list[tuple[str, list[str]]]:
    """Return what is said of every dataset, each with its text for each of them."""
    lines = [
        ("Run", [one.run_id for one in datasets]),
        ("Version", [one.card.version for one in datasets]),
        ("Source", [one.card.source for one in datasets]),
        ("Cases", [cases_text(one.n_cases, one.n_patients, one.n_cases_without_patient) for one in datasets]),
        ("Diseases", [f"{one.n_diagnoses:,}" for one in datasets]),
        ("Commonest", [", ".join(f"{name} {n:,}" for name, n in one.commonest) or NOTHING for one in datasets]),
        ("Labels that the lexicon knows", [_with_share(one.n_cases - one.n_unknown, one.n_cases) for one in datasets]),
    ]
    for title, name in (("Skin type", "skin_groups"), ("Urgency", "urgencies")):
        levels = dict.fromkeys(level for one in datasets for level in getattr(one, name))
        for level in levels:
            counts = [getattr(one, name).get(level, 0) for one in datasets]
            shown = [_with_share(n, one.n_cases) for n, one in zip(counts, datasets, strict=True)]
            lines.append((f"{title}: {level}", shown))
    lines.append(("Scored by dermatrust", [one.code_version for one in datasets]))
    return lines


def _with_share(n: int, total: int) -> str:
    return f"{of_text(n, total)} ({share_text(n, total)})"
