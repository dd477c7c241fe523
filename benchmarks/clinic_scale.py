"""Time and memory of `dermatrust clinic ddx` at the size of the published cohort, as a process of its own.

    python benchmarks/clinic_scale.py [CASES] [--keep FOLDER]

5,811 cases with 46,405 images, five models in six context arms: 174,330 recorded replies are replayed, read, matched,
scored, resampled (2,000 resamples of patients) and tabulated, and the page is made: all of that is in the first line.
`dermatrust report` alone is in the last. Cases and replies are synthetic and mean nothing, and no image is there: a
replay looks at none. Prints seconds, those of a processor, and the peak of memory. Under 60 s and 1 GB on two cores are
wanted.

The cohort's size: https://arxiv.org/abs/2605.04098.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from dermatrust.atlas.draw import draw_facts
from dermatrust.clinic.arms import ARMS, CONTEXT_ONLY, IRRELEVANT, PLANTED_REFERRAL, arm_option
from dermatrust.clinic.referral import Referrals
from dermatrust.clinic.simulated import SimulatedModel
from dermatrust.datasets.atlas import atlas_case
from dermatrust.records import Case, DatasetCard
from dermatrust.store.card import write_card
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import CARD, CASES

N_CASES, N_IMAGES = 5_811, 46_405
ASKED = tuple(arm for arm in ARMS if arm != IRRELEVANT)
BY_ARM = {arm: 0.04 * k for k, arm in enumerate(ASKED)}


def models() -> tuple[SimulatedModel, ...]:
    """Return five models, each somewhat better than the one before."""
    return tuple(
        SimulatedModel(
            f"synthetic/model-{number}",
            accuracy={arm: (base + extra, base + extra + 0.15, base + extra + 0.2) for arm, extra in BY_ARM.items()},
            gaps={"V-VI": 0.05}, steadiness=0.8, together=0.3, synonyms=0.3, anchoring=0.3, overconfidence=0.1,
            abstention=0.05,
        )
        for number, base in enumerate((0.15, 0.2, 0.25, 0.3, 0.35), 1)
    )  # fmt: skip


def cases(n: int) -> Iterator[Case]:
    """Yield drawn cases with as many image names as the cohort has on average: eight or, for some, seven."""
    n_images = round(n * N_IMAGES / N_CASES)
    for number in range(n):
        several = (number + 1) * n_images // n - number * n_images // n
        names = tuple(f"images/{number:05d}-{k}.jpg" for k in range(several))
        yield atlas_case(draw_facts(0, "scale", number)).model_copy(update={"file_names": names})


def write_inputs(folder: Path, n: int) -> list[Path]:
    """Write the dataset and one file of recorded replies for each model, and return these files."""
    dataset = folder / "cohort"
    dataset.mkdir()
    card = DatasetCard(
        name="cohort", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True,
        may_leave_machine=True,
    )  # fmt: skip
    write_card(dataset / CARD, card)
    all_cases = list(cases(n))
    write_records(dataset / CASES, all_cases)
    referrals = Referrals(all_cases, 0)
    files = []
    for model in models():
        files.append(folder / f"{model.name.partition('/')[2]}.jsonl")
        with files[-1].open("w", encoding="utf-8") as file:
            for case in all_cases:
                planted = referrals.planted(case) or ""
                for arm in ASKED:
                    text = model.differential_reply(case, arm, planted=planted if arm == PLANTED_REFERRAL else "")
                    line = {"case_id": case.id, "author": model.name, "arm": arm, "text": text}
                    if arm == CONTEXT_ONLY:
                        line["image_arm"] = "none"
                    file.write(json.dumps(line) + "\n")
    return files


def timed(what: str, command: list[str], folder: Path) -> None:
    """Run a command as a process of its own, and print what it took; its peak is the largest so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "dermatrust", *command], cwd=folder, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{what} failed:\n{done.stderr[-2000:]}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(f"{what:<28}{seconds:7.1f} s ({busy:.1f} s busy), peak {used.ru_maxrss / 1024:.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=int, nargs="?", default=N_CASES)
    parser.add_argument("--keep", type=Path, help="Write everything here and leave it there.")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = write_inputs(folder, options.cases)
        print(f"{options.cases:,} synthetic cases, {len(files)} models, {len(ASKED)} arms", flush=True)
        named = [part for file in files for part in ("-m", f"replay:{file.name}")]
        context = ",".join(map(arm_option, ASKED))
        command = ["clinic", "ddx", "cohort", *named, "--context", context, "--run-id", "scale", "-q"]
        timed("replay, score and resample", command, folder)
        timed("the same again", command, folder)
        timed("its page alone", ["report", "runs/scale"], folder)


if __name__ == "__main__":
    main()
