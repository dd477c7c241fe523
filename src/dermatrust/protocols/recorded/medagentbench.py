"""The authors' recorded outputs of MedAgentBench: runs.jsonl, by a task's index its status, result and history.

Reference: https://github.com/stanfordmlgroup/MedAgentBench.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols.interaction.fhir_agent import FINISHED, INVALID, LIMIT
from dermatrust.protocols.interaction.fhir_facts import patient_facts
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import first_of_each

_ENDINGS = {"completed": FINISHED, "agent invalid action": INVALID, "task limit reached": LIMIT}
_EXPECTED = '{"index": ..., "output": {"status": ..., "result": ..., "history": [{"role", "content"}, ...]}} a line'


def recorded_transcripts(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every task with its run, by its place in the data, and with what the record holds; a failed run is missing.

    Raises:
        DataError: A line has no index, or is no run of a task.
    """
    known = first_of_each(read_rows(path), lambda row: str(row["index"]))
    for index, item in enumerate(items):
        row = known.get(str(index))
        output = None if row is None else row.get("output")
        if not output:
            yield item, None
            continue
        try:
            yield item, _played(item, output)
        except (KeyError, TypeError, AttributeError):
            raise DataError(f"{path} index {index}", "is no run of a task", _EXPECTED) from None


def _played(item: Item, output: Mapping[str, Any]) -> Played:
    said = [(one["role"], str(one["content"])) for one in output["history"]]
    turns = tuple(Turn("assistant", text.strip()) if role == "agent" else user(text) for role, text in said[1:])
    result = output.get("result")
    last = next((turn.text for turn in reversed(turns) if turn.role == "assistant"), "")
    facts = patient_facts(str(item.known.get("eval_MRN") or ""))
    return Played(
        reply=last if result is None else f"FINISH({result})", turns=turns, verdicts={"record": facts},
        ending=next((ours for theirs, ours in _ENDINGS.items() if str(output["status"]).startswith(theirs)), ""),
    )  # fmt: skip
