"""Runs of published benchmarks, put beside one another where they can be compared."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dermatrust.errors import DataError
from dermatrust.protocols.result import MetricRow, ProtocolResult
from dermatrust.records import DatasetCard


@dataclass(frozen=True, slots=True)
class ProtocolRuns:
    """Results of protocols, of any number of models.

    Attributes:
        runs: There is at least one.
    """

    runs: tuple[ProtocolResult, ...]

    @property
    def dataset(self) -> DatasetCard:
        """The card of the first one's data, by the names of all protocols."""
        names = dict.fromkeys(run.protocol for run in self.runs)
        return self.runs[0].card.model_copy(update={"name": ", ".join(names)})

    @property
    def datasets(self) -> tuple[ProtocolResult, ...]:
        """What has the card of each data set."""
        return tuple({(run.card.name, run.card.may_leave_machine): run for run in self.runs}.values())

    def boards(self) -> list[tuple[ProtocolResult, ...]]:
        """Return the runs that can be compared with one another, best first; boards by protocol.

        Runs are comparable if they are of one protocol, version, variant and method, asked the same of the same data by
        the same prompt, and other roles were played by the same. Of recorded outputs nobody knows the prompt: they
        stand beside the runs on the same data where there is one such board, nobody else took part, and all else that
        is known is the same. Of a board, metrics are those of its first run.

        Raises:
            DataError: Two of them are of one model.
        """
        found: dict[str, dict[tuple[str, bool], ProtocolResult]] = {}
        for run in sorted(self.runs, key=lambda run: run.is_recorded):
            name = _kept_together(run)
            board = (_board_beside(run, found.values()) if run.is_recorded else None) or found.setdefault(name, {})
            if (run.model, run.is_recorded) in board:
                what = f"has two runs of {run.model!r} on the same data"
                raise DataError(run.protocol, what, "each model once", "Leave one of them out.")
            board[run.model, run.is_recorded] = run
        ordered = sorted(found.values(), key=lambda board: next(iter(board.values())).protocol)
        return [tuple(sorted(board.values(), key=_best_first)) for board in ordered]


def identity(run: ProtocolResult) -> tuple[str, str, bool]:
    """Return what no two of several runs may share: what was asked, of which model, and whether it was recorded."""
    return _kept_together(run), run.model, run.is_recorded


def places(rows: Sequence[MetricRow]) -> list[int]:
    """Return the place of each figure, 1 the best; figures that their intervals do not set apart share one.

    A place is one more than how many figures have an interval wholly above this one's, so it is the best that the
    intervals allow. A figure without an interval is one of a point. 0 where there is no figure.

    Example:
        >>> def row(value, low, high):
        ...     return MetricRow("accuracy", "", "", value, low, high, 100)
        >>> places([row(0.9, 0.85, 0.95), row(0.88, 0.82, 0.93), row(0.5, 0.4, 0.6)])
        [1, 1, 3]

    Reference:
        Chiang et al. (2024), Chatbot Arena, section 5, https://arxiv.org/abs/2403.04132 (ranks by intervals that
        do not meet).
    """
    ends = [(row.value, row.value) if math.isnan(row.low) else (row.low, row.high) for row in rows]
    return [0 if math.isnan(high) else 1 + sum(low > high for low, _ in ends) for _, high in ends]


def _kept_together(run: ProtocolResult) -> str:
    """Return what must be the same, as text."""
    asked = run.asked
    return repr((
        run.protocol, run.version, run.variant, run.method, sorted(run.others.items()), run.n_items, asked.data_hash,
        asked.limit, asked.prompt_hash, sorted(asked.settings.items()),
    ))  # fmt: skip


def _board_beside(
    run: ProtocolResult, boards: Iterable[dict[tuple[str, bool], ProtocolResult]]
) -> dict[tuple[str, bool], ProtocolResult] | None:
    """Return the one board of runs beside which recorded outputs may stand; None where there is none, or several."""
    fitting = [
        board
        for board in boards
        for first in list(board.values())[:1]
        if not first.is_recorded and not first.others and run.asked.data_hash and _known(first) == _known(run)
    ]
    return fitting[0] if len(fitting) == 1 else None


def _known(run: ProtocolResult) -> tuple[object, ...]:
    """Return what is known of recorded outputs too."""
    asked = run.asked
    return run.protocol, run.version, run.variant, run.method, run.n_items, asked.data_hash, asked.limit


def _best_first(run: ProtocolResult) -> tuple[bool, float, str]:
    value = run.rows[0].value if run.rows else math.nan
    return math.isnan(value), -value, run.model
