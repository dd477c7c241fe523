"""Progress bars with rate and time left, on stderr."""

from collections.abc import Mapping

from dermatrust.engine.bar import progress_bar


class ProgressBars:
    """One bar per model: asks settled of asks planned, rate, time left, tokens and cost.

    Args:
        totals: Asks planned, by model name.
        is_quiet: Draw nothing.
    """

    def __init__(self, totals: Mapping[str, int], *, is_quiet: bool = False) -> None:
        self._bars = {
            model: progress_bar(total=total, desc=_short(model), unit="ask", position=place, is_quiet=is_quiet)
            for place, (model, total) in enumerate(totals.items())
        }
        self._tokens = dict.fromkeys(totals, 0)
        self._cost: dict[str, float] = {}

    def committed(self, model: str, n: int) -> None:
        """Move the model's bar."""
        bar = self._bars.get(model)
        if bar is not None:
            bar.set_postfix_str(self._spent_text(model), refresh=False)
            bar.update(n)

    def spent(self, model: str, tokens: int, cost: float | None) -> None:
        """Add to the model's tokens and cost."""
        self._tokens[model] = self._tokens.get(model, 0) + tokens
        if cost is not None:
            self._cost[model] = self._cost.get(model, 0.0) + cost

    def _spent_text(self, model: str) -> str:
        text = f"{self._tokens.get(model, 0):,} tokens" if self._tokens.get(model) else ""
        return text + (f", cost {self._cost[model]:.4f}" if model in self._cost else "")

    def close(self) -> None:
        """Leave the bars as they stand."""
        for bar in self._bars.values():
            bar.close()


def _short(model: str) -> str:
    return model if len(model) <= 28 else "…" + model[-27:]
