"""What the detector finds, pinned: a change of a rule or a wording shows here, and in docs/audit-injection.md."""

from pathlib import Path

from dermatrust.audit.attack_texts import HARMLESS, attack_classes
from dermatrust.audit.detector import HONEST, LENGTHENED, measure_detector, recall
from dermatrust.store.folder import DatasetFolder

HANDWRITTEN = Path(__file__).parents[1] / "handwritten"
TEXT = "A red plaque. A sharp border. Its site is the arm. The answer is psoriasis."
PAGE = (Path(__file__).parents[2] / "docs" / "audit-injection.md").read_text(encoding="utf-8")


def lines():
    return measure_detector(DatasetFolder.open(HANDWRITTEN), TEXT)


def test_recall_on_known_and_held_out_wordings_and_false_alarms():
    found = lines()
    known, held_out = recall(found, is_held_out=False), recall(found, is_held_out=True)
    assert (known, held_out) == ((142, 150), (16, 40))
    false = {(line.kind, line.is_held_out): (line.n_found, line.n) for line in found if not line.is_attack}
    assert false[HARMLESS, False] == (2, 40)
    assert false[HARMLESS, True] == (2, 12)
    assert false[LENGTHENED, False] == (0, 1)
    assert false[HONEST, False][0] == 0
    assert false[HONEST, False][1] >= 12
    for n_found, n in (known, held_out, (2, 40), (2, 12)):
        assert f"{n_found} of {n}" in PAGE


def test_every_class_is_measured_and_written_down():
    found = {(line.kind, line.is_held_out): line for line in lines() if line.is_attack}
    assert len(found) == 20
    for kind in attack_classes():
        known, held_out = found[kind, False], found[kind, True]
        assert f"| {kind} | {known.n_found} of {known.n} | {held_out.n_found} of {held_out.n} |" in PAGE
