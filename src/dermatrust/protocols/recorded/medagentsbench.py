"""The authors' recorded outputs of MedAgentsBench: a list of rows with the letter extracted, tokens, cost and time.

Reference: Tang et al. (2025), https://arxiv.org/abs/2503.07459; https://github.com/gersteinlab/medagents-benchmark.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from dermatrust.protocols.item import Item, Played, Row
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.protocols.scorers.extracted_option import NONE
from dermatrust.protocols.scorers.usage import cost_usd


def read_run(
    path: Path, items: Iterable[Item], *, item_of: Callable[[Row], Item], prices: Mapping[str, tuple[float, float]]
) -> Iterator[tuple[Item, Played | None]]:
    """Read a run of the authors: {model}-{set}-{split}-{method}.json, the extracted letter as `predicted_answer`.

    Args:
        path: The file.
        items: Of the data; none where there are no data.
        item_of: The item that a row itself describes.
        prices: Name of a model to US dollars for a million tokens, prompt and completion.

    Raises:
        DataError: The file holds no such rows.
    """

    def played_of(row: Row) -> Played:
        letter, tokens = str(row.get("predicted_answer") or NONE), row.get("token_usage") or {}
        numbers = {
            name: float(n) for name in ("prompt_tokens", "completion_tokens") if (n := tokens.get(name)) is not None
        }
        cost = row["cost"] if row.get("cost") is not None else cost_usd(path.name, numbers, prices)
        spent = {"usd": cost, "seconds": row.get("time_elapsed")}
        numbers |= {name: float(value) for name, value in spent.items() if value is not None}
        return Played(reply=f"Answer: {letter}", verdicts={"answer": letter}, numbers=numbers)

    yield from matched(items, first_of_each(read_rows(path), lambda row: str(row["realidx"])), item_of, played_of)
