"""The authors' files of MedR-Bench: cases by PMC id, and the same with a model's output and what a judge said of it.

Reference: https://github.com/MAGIC-AI4Med/MedRBench, whose scripts write one file per case.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from dermatrust.errors import DataError
from dermatrust.protocols.files_read import note_read
from dermatrust.protocols.item import Item, Played, Row, Turn
from dermatrust.protocols.recorded_rows import ItemsOf, first_of_each, matched
from dermatrust.protocols.scorers.judge import yes_if

_FIELDS = {
    "treatment": ("treatment_planning_analysis", "treatment_plan_results"),
    "diagnosis": ("differential_diagnosis", "diagnosis_results"),
}
"""Of a case, by its task: the report's own reasoning, and what it came to."""
_FORM = 'a text under "content", or "messages", in "results"'


class Texts(NamedTuple):
    """What a report tells of a case.

    Attributes:
        task: "treatment" for a case with a plan, else "diagnosis".
        summary: The case.
        target: The diagnosis or the plan.
        result: What its reasoning leads to: the final diagnosis where it states one, else the target.
        reasoning: Its reasoning, and the result.
    """

    task: str
    summary: str
    target: str
    result: str
    reasoning: str


def texts_of(row: Row) -> Texts:
    """Return the texts of a case, or raise `KeyError` where it lacks one."""
    case = row["generate_case"]
    task = "treatment" if "treatment_plan_results" in case else "diagnosis"
    analysis, target = _FIELDS[task]
    result = str(case.get("final_diagnosis") or case[target])
    return Texts(task, str(case["case_summary"]).strip(), str(case[target]), result, f"{case[analysis]}\n{result}")


def read_cases(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the cases of a file by PMC id, of a file of one case, or of a folder of such files.

    Of a folder, files that are named by a PMC id are read; all JSON files where none is.

    Raises:
        DataError: A file is no such JSON.
    """
    folder = (sorted(path.glob("PMC*.json")) or sorted(path.glob("*.json"))) if path.is_dir() else [path]
    for file in folder:
        note_read(file)
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(str(file), f"cannot be read as JSON ({error})") from None
        if not isinstance(content, dict):
            raise DataError(str(file), "is not an object", "cases by PMC id, or one case")
        one = "generate_case" in content
        for key, row in [(content.get("id", file.stem), content)] if one else content.items():
            if not isinstance(row, dict):
                raise DataError(f"{file} {key}", "is not an object", "cases by PMC id, or one case")
            yield f"{file} {key}", {"id": key, **row}


def recorded_cases(
    path: Path, items: Iterable[Item], items_of: ItemsOf, *, is_dialogue: bool = False
) -> Iterator[tuple[Item, Played | None]]:
    """Yield judged outputs in the authors' form, one case a file; what a file does not hold has not been judged.

    Args:
        path: A file or folder, as for `read_cases`.
        items: Of the data; those of a record itself where there are none.
        items_of: The item of a record.
        is_dialogue: Whether tests were asked for, and judged.

    Raises:
        DataError: A record holds no output of a model.
    """
    rows = first_of_each(((where, (where, row)) for where, row in read_cases(path)), lambda one: str(one[1]["id"]))

    def played(record: tuple[str, Row]) -> Played:
        where, row = record
        turns = _turns(row, where)
        judged = _examinations(row) if is_dialogue else _reasoning(row)
        return Played(reply=turns[-1].text, turns=turns, verdicts={"outcome": _outcome(row), **judged})

    yield from matched(items, rows, lambda record: items_of(record[1], where=record[0])[0], played)


def _turns(row: Row, where: str) -> tuple[Turn, ...]:
    """Return what a model said in a case's "results": its "content" alone, or a whole dialogue's "messages".

    Raises:
        DataError: It holds neither.
    """
    results = row.get("results")
    if isinstance(results, dict) and isinstance(results.get("messages"), list) and results["messages"]:
        return tuple(Turn(one["role"], _text(one["content"])) for one in results["messages"])
    content = results.get("content") if isinstance(results, dict) else None
    if not isinstance(content, str):
        raise DataError(where, "holds no output of a model", _FORM)
    return (Turn("assistant", content),)


def _outcome(row: Row) -> str | None:
    """Return "correct" or "wrong" by the case's "accuracy"; None where it holds none."""
    is_right = row.get("accuracy")
    return None if is_right is None else "correct" if is_right else "wrong"


def _reasoning(row: Row) -> dict[str, str | None]:
    """Return verdicts as of `scorers.reasoning`; what a case does not hold has not been judged."""
    verdicts: dict[str, str | None] = {} if "reasoning_eval" in row else {"steps": None}
    for number, step in enumerate(row.get("reasoning_eval", ()), 1):
        verdicts[f"step {number}"] = step["efficiency"].lower()
        if step["efficiency"] == "Reasoning":
            verdicts[f"fact {number}"] = "correct" if step["factulity"] else "wrong"
    verdicts |= {} if "gt_reasoning_eval" in row else {"gold 1": None}
    for number, step in enumerate(row.get("gt_reasoning_eval", ()), 1):
        verdicts |= {f"gold {number}": step["step"], f"hit {number}": yes_if(step["hit"])}
    return verdicts


def _examinations(row: Row) -> dict[str, str | None]:
    """Return verdicts as of `scorers.examinations`; what a case does not hold has not been judged."""
    graded = row.get("evaluation")
    if graded is None:
        return {"asked": None, "done": None}
    lists = {"asked": graded["infer_info_split"], "done": graded["gt_info_split"]}
    return {
        f"{name} {number}": yes_if(one["hit"]) for name, ones in lists.items() for number, one in enumerate(ones, 1)
    }


def _text(content: object) -> str:
    """Return a message's text; a model's is an object with its reasoning apart."""
    return str(content["answer"] if isinstance(content, dict) else content)
