"""Measure which texts the embedded evaluator says it never met: clean ones of other patients, attacks, harmless notes.

python benchmarks/familiarity.py [--cases 1000] [--narrated 100] > table.md

Nothing was chosen by these texts: the limit comes from other seeds, and from no wording of an attack. Attacks and notes
stand at the end of, or around, texts with planted errors of seed 33 that are familiar without them, the next text for
each wording; what is hidden in a long narrative is set in a filler that the evaluator never met either.
"""

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path

from dermatrust.audit.attack_texts import TextAttack, harmless_notes, text_attacks
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.atlas_chunk import AtlasSettings, drawn_texts
from dermatrust.evaluator.backends import NanoEvaluatorClient
from dermatrust.store.folder import DatasetFolder

PLANTED, HYBRIDS, NARRATED = AtlasSettings(seed=33), AtlasSettings(seed=34, n_candidates=0, n_hybrids=1), 34
"""Seeds that neither the recipe nor the choice of the limit knows."""


def narrated_texts(n: int) -> list[str]:
    """Return what the three embedded narrators write about drawn cases."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "atlas"
        write_atlas(folder, n=n, seed=NARRATED, narrators=True, critiques=True)
        written = DatasetFolder.open(folder).iter_narratives()
        return [text.text for text in written if text.author.startswith("nano/")]


def put(attacks: Iterable[TextAttack], hosts: Sequence[str]) -> list[str]:
    """Return attacks, each in the next host."""
    return [attack.put_into(host) for attack, host in zip(attacks, cycle(hosts), strict=False)]


def main() -> None:
    """Print a line for each kind of text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--narrated", type=int, default=100)
    args = parser.parse_args()
    evaluator = NanoEvaluatorClient()
    planted = list(drawn_texts(PLANTED, args.cases))
    hosts = [text for text in planted if evaluator.strangest(text) is None]
    known, held_out = ([a for a in text_attacks() if a.is_held_out == which] for which in (False, True))
    kinds = {
        "planted errors, seed 33": planted,
        "two patients', seed 34": list(drawn_texts(HYBRIDS, args.cases)),
        "the narrators', seed 34": narrated_texts(args.narrated),
        "known attack wordings": put(known, hosts),
        "unknown attack wordings": put(held_out, hosts),
        "harmless notes": put(harmless_notes(), hosts),
    }
    print("| synthetic texts | unfamiliar | of |\n|---|---|---|")
    for kind, texts in kinds.items():
        print(f"| {kind} | {sum(evaluator.strangest(text) is not None for text in texts)} | {len(texts)} |")
    print(f"\n{[a.id for a in (*known, *held_out) if evaluator.strangest(put([a], hosts)[0]) is None]} are familiar")


if __name__ == "__main__":
    main()
