"""What expressions see of a test: the group as a decision saw it, and as the decision left it.

The same steps that `core.engine` takes before it judges rules; nothing here decides.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np

from autoscaler.core.book import Group, Mode
from autoscaler.core.evaluation import Truth, judge
from autoscaler.core.expressions import Expression
from autoscaler.core.forgetting import of_this_mode, returned, stood_still
from autoscaler.core.memory import KEEP_ABSENT_S, AgentMemory, GroupMemory, Memory, aligned
from autoscaler.core.readings import Floats, Snapshot
from autoscaler.core.scope import GroupView
from autoscaler.core.team import assemble, members, remembered

__all__ = ["Sight", "baselines", "look"]

_ = (Mode, Truth, judge, Expression, Floats, GroupMemory)
