"""Training curves as TensorBoard event files."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from dermatrust.train.checkpoint import State

EVERY = 10
"""Steps between two points of a curve; each is the mean of what was seen since the last."""


@contextmanager
def curves(folder: Path, is_main: bool) -> Iterator[Callable[[Mapping[str, float], State], None]]:
    """Yield a function that draws the figures of a step into TensorBoard files; look with `tensorboard --logdir`.

    Args:
        folder: Where the event files go.
        is_main: Whether this process draws; others keep silent.
    """
    if not is_main:
        yield lambda figures, state: None
        return
    from torch.utils.tensorboard import SummaryWriter

    seen: list[Mapping[str, float]] = []
    with SummaryWriter(str(folder)) as writer:

        def draw_curve(figures: Mapping[str, float], state: State) -> None:
            seen.append(figures)
            if len(seen) < EVERY and state.step > 1:
                return
            for name in figures:
                mean = sum(one.get(name, 0.0) for one in seen) / len(seen)
                writer.add_scalar(name, mean, state.step)
            writer.add_scalar("samples per second", state.samples / max(state.seconds, 1e-9), state.step)
            seen.clear()

        yield draw_curve
