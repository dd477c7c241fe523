"""What a model states of its own confidence, ready to be placed: two plots, a few numbers, and bins."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from markupsafe import Markup

from dermatrust.clinic.abstention import StatedConfidence
from dermatrust.report.clinic_arms import Asked
from dermatrust.report.clinic_parts import by_images
from dermatrust.report.clinic_triage_plots import reliability_plot, risk_plot
from dermatrust.report.percent import points_cell, share_cell
from dermatrust.report.views import score_text


class Sure(Asked, Protocol):
    """One model in one arm, of either task."""

    @property
    def confidence(self) -> StatedConfidence | None:
        """Stated confidence against being right; None where no answer states any."""


@dataclass(frozen=True, slots=True)
class SureView:
    """One model in the base arm; without lines where no answer states a confidence."""

    ident: str
    model: str
    reliability: Markup | str = ""
    risk: Markup | str = ""
    lines: tuple[tuple[str, str], ...] = ()
    bins: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sures:
    """The models in the base arm, with the photographs shown in one way."""

    image_arm: str
    models: tuple[SureView, ...]


def sures(cells: Sequence[Sure], base: str, task: str) -> tuple[Sures, ...]:
    """Return what the models state of their confidence in the base arm, for each way to show the photographs."""
    number = count(1)
    return tuple(
        Sures(image_arm, tuple(sure_view(one.model, one.confidence, ident=f"{task}-{next(number)}") for one in own))
        for image_arm, own in by_images(cells, base).items()
    )


def sure_view(model: str, sure: StatedConfidence | None, *, ident: str) -> SureView:
    """Return what there is to show of a model's stated confidence."""
    if sure is None:
        return SureView(ident, model)
    return SureView(
        ident,
        model,
        reliability_plot(model, sure, ident=f"{ident}-sure"),
        risk_plot(model, sure, ident=f"{ident}-risk"),
        tuple(_lines(sure)),
        tuple((f"{100 * x:.0f} %", f"{100 * y:.0f} %", f"{n:,}") for x, y, n in sure.bins if n),
    )


def _lines(sure: StatedConfidence) -> list[tuple[str, str]]:
    """Return what there is one number of about stated confidence."""
    shares = (
        ("Answered", sure.coverage), ("Right, of those answered", sure.accuracy_answered),
        ("Right, of all; what is not answered is wrong", sure.accuracy_all),
    )  # fmt: skip
    lines = [(title, f"{(shown := share_cell(found)).value} {shown.interval}".strip()) for title, found in shares]
    excess, by_chance = points_cell(sure.excess), score_text(sure.area_by_chance)
    return [
        *lines,
        ("Too sure by, points of percent", f"{excess.value} {excess.interval}".strip()),
        ("Expected calibration error", score_text(sure.ece)),
        ("Area under the risk-coverage curve", f"{score_text(sure.area.value)}; by chance {by_chance}"),
        ("Says that it cannot tell", f"{sure.n_abstained:,} of {sure.n:,}"),
        ("States no confidence", f"{sure.n_without:,}"),
    ]  # fmt: skip
