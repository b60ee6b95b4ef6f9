"""The productivity curve of a tier: completions of an agent by chats held, with its uncertainty.

A family of shapes (USL: N. Gunther's universal scalability law, with and without a peak; powers; taking turns) times an
unknown rate of a chat alone. Completions at each level are Poisson, so with a gamma prior the rate integrates out, and
the posterior of a shape is one line. Where a level has been seen often, its own count speaks, not the family.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from autoscaler.core.readings import Floats

__all__ = ["OFTEN", "Curve", "believed", "tried"]

SOLO_S = 420.0
"""Mean of a chat alone before anything was seen, and how many completions that guess is worth."""
SOLO_WORTH = 2.0
POWER = 0.785
"""Throughput at j chats before anything was seen: j^0.785 (chat-domain.md, fit to practice)."""
SPREAD = 1.0
"""Standard deviation of the logarithm of a curve about that, at six chats."""
OWN_COUNT = 150.0
"""Completions from which a level's own count weighs more than the family."""
OFTEN = 15.0
"""Completions from which a level counts as seen."""
KINDS = (0.6, 0.2, 0.2)
"""Chances of the families before anything was seen: scalability with and without a peak, powers, taking turns."""
TRUST = 0.7
"""People differ and counts are attributed: evidence counts for less than its number."""
MISFIT = 0.08
"""What may be wrong with any count or family, as a share: quicker people hold fewer chats, a tick is not a moment, and
what an alarm keeps came together by chance where nothing had changed."""
LIKELY = 0.9
"""How likely the peak lies in its range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A tier's completions a second and agent, holding 1..J chats, shape (J,).

    Attributes:
        mean: Expected.
        sd: Standard deviation of that belief.
        cases: What it may be: the poorer and the richer half of what is believed of levels beyond those tried, shape
            (2, J); one is as likely as the other.
        peak_chance: Chance that the curve is highest at each level.
    """

    mean: Floats
    sd: Floats
    cases: Floats
    peak_chance: Floats

    @property
    def peak(self) -> int:
        """Level at which the expected curve is highest."""
        return int(np.argmax(self.mean)) + 1

    @property
    def peak_range(self) -> tuple[int, int]:
        """Levels between which the peak lies, in nine cases of ten; the one expected is among them."""
        chance = np.cumsum(self.peak_chance)
        tail = (1 - LIKELY) / 2
        low, high = (int(np.searchsorted(chance, part)) + 1 for part in (tail, 1 - tail))
        # levels' own counts may have moved it from where the family has it
        return min(low, self.peak), max(high, self.peak)


def tried(done: Floats, baseline: int) -> int:
    """The highest level that was seen often, the baseline at least."""
    seen = np.flatnonzero(done >= OFTEN)
    return max(baseline, int(seen[-1]) + 1 if len(seen) else 0)


@cache
def _family(levels: int) -> tuple[Floats, Floats]:
    """Shapes, shape (s, levels), 1 at one chat, and the logarithm of their prior weight, shape (s,)."""
    j = np.arange(1.0, levels + 1)
    sigma = np.array([0.0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.55, 0.75, 1.0])[:, None, None]
    kappa = np.array([0.0, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.055, 0.075, 0.1, 0.14, 0.2])[:, None]
    shapes = (j / (1 + sigma * (j - 1) + kappa * j * (j - 1))).reshape(-1, levels)
    powers = j ** np.array([0.2, 0.35, 0.5, 0.6, 0.7, POWER, 0.9])[:, None]
    turns = np.array([_turns(share, levels) for share in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4)])
    weights = []
    for kind, part in zip((shapes, powers, turns), KINDS, strict=True):
        far = np.log(kind[:, min(5, levels - 1)]) - POWER * np.log(min(6, levels))
        near = np.exp(-0.5 * (far / SPREAD) ** 2)
        # a family counts for its chance, not for how finely it is cut
        weights.append(np.log(part * near / near.sum()))
    return np.concatenate((shapes, powers, turns)), np.concatenate(weights)


def _turns(share: float, levels: int) -> Floats:
    """Agent and customer take turns; `share` is the agent's part of a chat alone (mean value analysis)."""
    rates, queue = [], 0.0
    for held in range(1, levels + 1):
        lasts = share * (1 + queue)
        rate = held / (1 - share + lasts)
        queue = rate * lasts
        rates.append(rate)
    return np.array(rates)


def believed(done: Floats, spent_s: Floats, *, baseline: int) -> Curve:
    """What completions say of the curve.

    Args:
        done: Completions by chats held when they ended, shape (J,), >= 0.
        spent_s: Agent-seconds spent holding so many, shape (J,), >= 0.
        baseline: The tier's.
    """
    shapes, weight = _family(len(done))
    done_, spent = TRUST * done, TRUST * spent_s
    worth = SOLO_WORTH + done_.sum()
    time = SOLO_WORTH * SOLO_S + shapes @ spent
    log = weight + np.log(shapes) @ done_ - worth * np.log(time)
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    rates = (worth / time)[:, None] * shapes
    mean = chance @ rates
    variance = np.maximum(chance @ rates**2 - mean**2, 0.0) + mean**2 / worth
    # the true curve is of no family: where the peak may be is said with more doubt than the family has
    doubtful = np.sqrt(chance)
    peaks = np.bincount(np.argmax(shapes, axis=1), weights=doubtful / doubtful.sum(), minlength=len(done))
    expected = mean * np.exp(_corrections(done, spent_s, mean))
    own = done / (done + OWN_COUNT)
    counted = expected**2 / (TRUST * np.maximum(done, 1.0))
    variance = (1 - own) ** 2 * variance + own**2 * counted + (MISFIT * expected) ** 2
    return Curve(
        mean=expected,
        sd=np.sqrt(variance),
        cases=expected * _apart(shapes, chance, done, baseline=baseline) ** (1 - own),
        peak_chance=peaks.astype(np.float64),
    )


def _apart(shapes: Floats, chance: Floats, done: Floats, *, baseline: int) -> Floats:
    """The poorer and the richer half of the shapes over all of them, shape (2, levels).

    The pace of all levels together is soon known, and moves no choice. Shapes are held against each other where most
    was seen, and are the richer the more the first level beyond those tried brings there.
    """
    last = len(done) - 1
    beyond = min(tried(done, baseline), last)
    known = int(np.argmax(done)) if done.any() else min(baseline - 1, last)
    brings = shapes / shapes[:, [known]]
    order = np.argsort(brings[:, beyond], kind="stable")
    up_to = np.cumsum(chance[order])
    poorer = np.empty(len(chance))
    poorer[order] = np.clip(0.5 - (up_to - chance[order]), 0.0, chance[order])
    halves: Floats = 2 * np.stack((poorer, chance - poorer)) @ brings / (chance @ brings)
    return halves


def _corrections(done: Floats, spent_s: Floats, mean: Floats) -> Floats:
    """By how much, as a logarithm, a level's own count moves it from the family; levels above go with those below."""
    own = done / (done + OWN_COUNT)
    apart = np.log(np.maximum(done, 0.5) / np.maximum(spent_s * mean, 1e-9), where=spent_s > 0, out=np.zeros(len(done)))
    corrections = np.zeros(len(done))
    carried = 0.0
    for level in range(len(done)):
        carried = own[level] * apart[level] + (1 - own[level]) * carried
        corrections[level] = carried
    return corrections
