"""The authors' recorded outputs of 3MDBench: a JSON file for each case, in a folder for each step of its scripts.

Reference: https://github.com/univanxx/3mdbench.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.interaction.consultation import ENDED, UNENDED
from dermatrust.protocols.item import Item, Played, Turn
from dermatrust.protocols.read_rows import read_json
from dermatrust.protocols.scorers.consultation import read_assessment, read_diagnoses

Case = dict[str, Any]
_SPEAKER = re.compile(r"(Patient|Doctor):")
_EXPECTED = 'files {"case number": {"dialogue", "dialogue_ended", "diagnosis"}}, {"diags"} or {"assessment"}'


def recorded_consultations(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the consultations of a folder, whatever is below it of dialogues, extracted diagnoses and assessments.

    A case's number is its place in the data, from 0 on. Without data the dialogues must be there, which hold the right
    diagnosis. A case whose dialogue failed, or that is nowhere, is missing; one whose diagnosis was not extracted has
    no score but its points.

    Raises:
        DataError: The folder holds no such files, or no data and no dialogue tell the right diagnosis.
    """
    cases = _cases(path)
    items = iter(items)
    first = next(items, None)
    if first is not None:
        for number, item in enumerate(chain([first], items)):
            yield item, _played(cases.get(str(number), {}))
        return
    for name, case in cases.items():
        if "diagnosis" not in case and "error" not in case:
            do = "Give the data with --data, or the folder that holds the dialogues too."
            raise DataError(str(path), f"does not tell the right diagnosis of case {name}", do=do)
        yield Item(id=name, question="", target=str(case.get("diagnosis", "")).lower()), _played(case)


def _cases(path: Path) -> dict[str, Case]:
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    cases: dict[str, Case] = {}
    for file in files:
        found = read_json(file)
        if not isinstance(found, dict) or not all(isinstance(case, dict) for case in found.values()):
            raise DataError(str(file), "is no record of consultations", _EXPECTED)
        for name, case in found.items():
            known = cases.setdefault(str(name), {})
            known.update({key: value for key, value in case.items() if key != "assessment" or "}" in str(value)})
    if not cases:
        raise DataError(str(path), "holds no consultation", _EXPECTED)
    return dict(sorted(cases.items(), key=lambda pair: (len(pair[0]), pair[0])))


def _played(case: Mapping[str, Any]) -> Played | None:
    if not case or "error" in case:
        return None
    turns = [*_turns(str(case.get("dialogue", "")))]
    is_ended = case.get("dialogue_ended", True)
    verdicts: dict[str, str | None] = {}
    if "diags" in case or is_ended:
        verdicts["diagnosis"] = read_diagnoses(str(case.get("diags", "")))
    if is_ended:
        verdicts["assessment"] = read_assessment(str(case.get("assessment", "")))
    said = [turn.text for turn in turns if turn.role == "assistant"]
    reply = said[-1] if said else ""
    return Played(reply=reply, turns=tuple(turns), verdicts=verdicts, ending=ENDED if is_ended else UNENDED)


def _turns(dialogue: str) -> Iterator[Turn]:
    parts = _SPEAKER.split(dialogue)
    for speaker, text in zip(parts[1::2], parts[2::2], strict=True):
        yield Turn("user" if speaker == "Patient" else "assistant", text.strip())
