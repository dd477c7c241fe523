"""The authors' recorded outputs of BiasMedQA: texts of questions between lines of tildes, with answers and verdicts.

Reference: Schmidgall et al. (2024), https://arxiv.org/abs/2402.08113.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.scorers.free_text_choice import COMPARED, REFUSED, RIGHT, WRONG

_RESULT = re.compile(
    r"(?:ae_)?bias_output_(?P<bias>[a-z_]+?)(?=[_-](?:v2|mitigated|one-shot|few-shot|education)|_[^_]*$)"
)


def read_result(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read a result file of the authors: questions between lines of tildes, each with its right answer and verdict.

    By their rule a RESPONSE line with NR in it is a refusal and the IS_CORRECT line after it is skipped. Such files
    bring their own questions, since some leave questions out: `items` are not looked at.

    Raises:
        DataError: The file holds no verdicts.
    """
    found = _RESULT.match(path.name)
    bias = found["bias"].removesuffix("_bias").replace("_", "-") if found else "none"
    number, target, reply, is_skipped = 0, "", "", False
    with path.open(encoding="utf-8", errors="ignore") as file:
        for line in file:  # not str.splitlines, to which more characters end a line: replies hold some
            verdict = None
            if line.startswith("CORRECT ANSWER:"):
                target = line.partition(":")[2].strip()[:1]
            if "RESPONSE" in line:
                reply = line.partition("RESPONSE:")[2].strip()
                verdict, is_skipped = (REFUSED, True) if REFUSED in line else (None, is_skipped)
            elif "IS_CORRECT" in line:
                verdict, is_skipped = (None if is_skipped else _verdict(line)), False
            if verdict is not None:
                number += 1
                item = Item(id=f"{number}-{bias}", question="", target=target, tags={"bias": bias})
                yield item, Played(reply=reply or verdict, verdicts={COMPARED: verdict})
    if not number:
        raise DataError(str(path), "holds no RESPONSE and IS_CORRECT lines", "a result file of the authors")


def _verdict(line: str) -> str:
    return REFUSED if REFUSED in line else RIGHT if RIGHT in line else WRONG
