"""Goals of figures: stated in one line, noticed when reached, the best kept in your own folder.

A figure's settings, or its experiment, have a method `goal` that returns one::

    from pathlib import Path

    from nbhelpers.playgrounds.engine.goals import Bests, Goal

    def goal(slope):
        return Goal("a slope of 2", score=abs(slope - 2), target=0.05, lower=True)

    bests = Bests(Path("bests.json"))
    bests.keep(goal(1.75), "slope=1.75")

>>> goal(2.04).reached, goal(1.5).reached
(True, False)
>>> goal(1.5).told(bests.best(goal(1.5)))
'Goal: a slope of 2 · now 0.5 · best 0.25'
>>> bests.settings(goal(1.5))
'slope=1.75'
"""

import math
from dataclasses import dataclass

from nbhelpers.files import cache_folder, keep, read_kept


@dataclass(frozen=True)
class Goal:
    """What a reader may try to reach.

    Attributes
    ----------
    words : str
        What is asked for, "all four rows of OR right"; it is also what a best score is kept under.
    score : float
        How far the present settings are; NaN where that can't be said yet.
    target : float
        The score from which on it is reached.
    lower : bool
        Whether less is better.
    unit : str
        What stands after a score, " of 4 right".
    at : int, optional
        The step of a training that has the score, if it is not the present one.
    """

    words: str
    score: float
    target: float
    lower: bool = False
    unit: str = ""
    at: int | None = None

    def at_least(self, other):
        """Whether the score is as good as another one."""
        return self.score <= other if self.lower else self.score >= other

    @property
    def reached(self):
        """Whether the target is reached. NaN reaches nothing."""
        return bool(self.at_least(self.target))

    def told(self, best=None):
        """The goal in one line, with the present score and the best so far."""
        when = "now" if self.at is None else "this run"
        score = f"{when} {written(self.score)}{self.unit}"
        parts = ["not yet" if math.isnan(self.score) else score]
        if self.reached:
            parts.append("\u2713 reached")
        if best is not None and not self.at_least(best):
            parts.append(f"best {written(best)}{self.unit}")
        return " \u00b7 ".join([f"Goal: {self.words}", *parts])


def written(score):
    """A score with four decimals at most: 8,708 or 0.4088."""
    return f"{score:,.4f}".rstrip("0").rstrip(".")


class Bests:
    """The best scores of a reader, in a file that a person can read too.

    It is written whole whenever a score is better, with what other notebooks have kept meanwhile.
    A damaged file is put aside, as `bests.json.damaged`, and begun anew; where nothing can be
    written the scores last as long as the kernel.

    Parameters
    ----------
    path : path, optional
        `bests.json` in your own folder, if it is not given.
    """

    def __init__(self, path=None):
        self.path = cache_folder() / "bests.json" if path is None else path
        self.kept = self._read()  # goal -> {"score": ..., "settings": ...}

    def best(self, goal):
        """The best score for a goal, or None."""
        entry = self.kept.get(goal.words)
        return None if entry is None else entry["score"]

    def settings(self, goal):
        """The settings string of the best score for a goal, or None."""
        entry = self.kept.get(goal.words)
        return None if entry is None else entry["settings"]

    def keep(self, goal, settings):
        """Keep the goal's score and its settings string if it is better than what there is."""
        if not self._beaten(goal):
            return
        self.kept |= self._read()  # another notebook may be open
        if not self._beaten(goal):
            return
        self.kept[goal.words] = {"score": float(goal.score), "settings": settings}
        keep(self.path, self.kept)  # if it can't be written, it lasts as long as the kernel

    def _beaten(self, goal):
        """Whether the goal's score is better than the best so far, not only as good."""
        best = self.best(goal)
        if best is None:
            return not math.isnan(goal.score)
        return goal.at_least(best) and goal.score != best

    def _read(self):
        """What the file has; {} if there is none, or none that can be read."""
        return read_kept(
            self.path, lambda kept: all(math.isfinite(entry["score"]) for entry in kept.values())
        )
