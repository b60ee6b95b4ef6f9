"""A forecast where rules ask for one: what it begins from, and what is said of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from autoscaler.core.book import Prior
from autoscaler.core.expressions import OverTime
from autoscaler.core.forecasting import Basis, Forecast
from autoscaler.core.outlooks import Outlook, from_prior
from autoscaler.core.printing import in_text, in_words

__all__ = ["outlook_of", "told"]


def outlook_of(value: str, remembered: Outlook | None, priors: Iterable[Prior]) -> Outlook:
    """What is known of a value before this tick.

    Args:
        value: As `in_text` writes it.
        remembered: From the last tick, None at first.
        priors: What profile files know. One that memory did not begin from takes its place.

    Returns:
        The outlook, blank if nothing is known.
    """
    prior = next((one for one in priors if one.value == value), None)
    if prior is not None and (remembered is None or remembered.origin != prior.origin):
        return from_prior(json.loads(prior.known), prior.origin)
    return Outlook.blank() if remembered is None else remembered


def told(asked: OverTime, forecast: Forecast) -> str:
    """One forecast in a sentence, with what it rests on.

    Args:
        asked: The expression.
        forecast: Its first horizon is the expression's.
    """
    basis, mean = forecast.basis[0], float(forecast.mean[0])
    what = f"forecast of {in_text(asked.argument)} in {in_words(asked.window_s)}"
    if math.isnan(mean):
        return f"{what}: not known, {basis.value}"
    profile, without = forecast.errors[:, 0].tolist()
    match basis:
        case Basis.PROFILE:
            return (
                f"{what}: {mean:.3g} by the profile of {forecast.days[0]}s (error {profile:.2g} against {without:.2g} "
                "without)"
            )
        case Basis.WORSE:
            return f"{what}: {mean:.3g} as it is now, {basis.value} (error {profile:.2g} against {without:.2g})"
        case _:
            return f"{what}: {mean:.3g} as it is now, {basis.value}"
