"""Goals of figures: stated in one line, noticed when reached, the best kept in your own folder."""

import json
from dataclasses import dataclass

from nbhelpers.files import cache_folder, replacing


@dataclass(frozen=True)
class Goal:
    """What a reader may try to reach.

    Attributes
    ----------
    words : str
        What is asked for, "all four rows of OR right"; it is also what a best score is kept under.
    score : float
        How far the present settings are.
    target : float
        The score from which on it is reached.
    lower : bool
        Whether less is better.
    unit : str
        What stands after a score, " of 4 right".
    """

    words: str
    score: float
    target: float
    lower: bool = False
    unit: str = ""

    def at_least(self, other):
        """Whether the score is as good as another one."""
        return self.score <= other if self.lower else self.score >= other

    @property
    def reached(self):
        """Whether the target is reached. NaN reaches nothing."""
        return bool(self.at_least(self.target))

    def told(self, best=None):
        """The goal in one line, with the present score and the best so far."""
        now = f"now {self.score:.3g}{self.unit}"
        if self.reached:
            return f"Goal: {self.words} · {now} · \u2713 reached"
        before = "" if best is None or self.at_least(best) else f" · best {best:.3g}{self.unit}"
        return f"Goal: {self.words} · {now}{before}"


class Bests:
    """The best scores of a reader, in a file that a person can read too.

    The file is read once and written whole whenever a score is better. One that is damaged is put
    aside and begun anew; where nothing can be written the scores last as long as the kernel.

    Parameters
    ----------
    path : path, optional
        `bests.json` in your own folder, if it is not given.
    """

    def __init__(self, path=None):
        self.path = cache_folder() / "bests.json" if path is None else path
        self.kept = None  # goal -> {"score": ..., "settings": ...}

    def best(self, goal):
        """The best score for a goal, or None."""
        entry = self._read().get(goal.words)
        return None if entry is None else entry["score"]

    def keep(self, goal, settings):
        """Keep the goal's score and its settings string if it is better than what there is."""
        kept, best = self._read(), self.best(goal)
        if goal.score != goal.score or (best is not None and not better(goal, best)):
            return
        kept[goal.words] = {"score": float(goal.score), "settings": settings}
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(self.path) as file:
                file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode())
        except OSError:
            pass  # a folder that can't be written to: they last as long as the kernel

    def _read(self):
        if self.kept is None:
            try:
                kept = json.loads(self.path.read_text(encoding="utf-8"))
                scores = [float(entry["score"]) for entry in kept.values()]
                assert all(score == score for score in scores)
            except OSError:
                kept = {}
            except (ValueError, TypeError, KeyError, AttributeError, AssertionError):
                kept = {}
            self.kept = kept
        return self.kept


def better(goal, best):
    """Whether a goal's score is better than `best`, not only as good."""
    return goal.at_least(best) and goal.score != best
