"""Asks many things at once: concurrency, limits, retries, cost, progress, resume."""

from dermatrust.engine.engine import Engine, Play, Progress
from dermatrust.engine.limits import Limits, Price, load_limits, load_prices
from dermatrust.engine.progress import ProgressBars

__all__ = ["Engine", "Limits", "Play", "Price", "Progress", "ProgressBars", "load_limits", "load_prices"]
