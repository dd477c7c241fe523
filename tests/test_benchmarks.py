"""Every benchmark that needs nothing but the development dependencies still runs, at a size that says nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
MEETS_ITS_MARK, FALLS_SHORT = 0, 1
QUICK = {
    "agreement_speed.py": ("--rounds", 1, "--peer-draws", 1, "--resamples", 20),
    "explorer_speed.py": (40,),
    "familiarity.py": ("--cases", 20, "--narrated", 2),
    "matcher_speed.py": ("--seconds", 0.1),
    "protocol_replay.py": (20,),
    "rater_recovery.py": ("--seeds", 2, "--patients", 10, "--resamples", 50, "--population", 40),
    "report_scale.py": (80,),
}
SLOW = {
    "abstention.py": ("--cases", 20),
    "atlas_speed.py": (10,),
    "atlas_write.py": (5,),
    "clinic_recovery.py": ("--seeds", 1, "--patients", 60, "--resamples", 50),
    "clinic_scale.py": (60,),
    "item_response.py": (1,),
    "rating_speed.py": ("--seconds", 0.1, "--rounds", 1, "--threads", 1),
    "score_api.py": ("--clients", 1, "--seconds", 0.5, "--rounds", 1),
    "throughput.py": ("--samples", 40, "--inspect-samples", 3, "--rounds", 1),
    "workbench_saves.py": ("--raters", 2, "--saves", 10),
}
PARTS = {
    "asks.py", "bare_loop.py", "big_dataset.py", "clinic_figures.py", "clinic_parts.py",
    "inspect_peer.py", "instant_server.py", "ours.py",
    "stage2_peer.py",
}  # fmt: skip
"""What others start or import."""
NEEDS_MORE = {"image_flags.py", "seven_billion.py", "stage2_step.py", "writing_in_images.py"}
"""Need pictures to look at, minutes, or a peer in an environment of its own."""


def run(name, arguments, folder):
    """Run a benchmark as its page says; one that falls short of its mark at this size has still run."""
    command = [sys.executable, str(BENCHMARKS / name), *map(str, arguments)]
    paths = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=240, check=False,
        env=os.environ | {"PYTHONPATH": paths},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert done.returncode in (MEETS_ITS_MARK, FALLS_SHORT), done.stderr[-2000:]
    assert done.stdout.strip()


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_benchmark_runs(name, tmp_path):
    run(name, QUICK[name], tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("name", SLOW)
def test_a_slow_benchmark_runs(name, tmp_path):
    run(name, SLOW[name], tmp_path)


def test_every_benchmark_is_run_or_said_not_to_be():
    assert {path.name for path in BENCHMARKS.glob("*.py")} == {*QUICK, *SLOW, *PARTS, *NEEDS_MORE}
