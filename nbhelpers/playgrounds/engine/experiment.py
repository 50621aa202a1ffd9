"""What is being trained in a playground: settings, steps, history. It knows no widget.

One principle holds everywhere: **what you see is a function of the settings and of the number of
steps.** A change of any setting starts again from the initial weights that the seed gives, so the
settings string, *Show code* and *Keep* are exact.

To write an experiment, declare its settings and say how to build it and how to make one step::

    class MyExperiment(Experiment):
        Settings = MySettings       # see settings.py

        def build(self):            # from self.settings alone, with self.rng
            self.net = MLP([2, self.settings.hidden, 1], output="sigmoid", rng=self.rng)
            self.record("loss", self.net.loss(...))       # the state before the first step

        def advance(self):          # one step; returns the new loss (None: not evaluated)
            ...
            return self.record("loss", loss)

        def describe(self):         # "4 of 4 right", for the summary; may be ""
        def goal(self):             # optional: what to try to reach, see goals.py
        def code(self):             # the plain NumPy script of Show code
        def other_code(self):       # the same for scikit-learn and PyTorch: recipe.py
        def advice(self):           # what to try when the loss has diverged
"""

import time
from array import array
from dataclasses import dataclass, replace
from functools import wraps

import numpy as np

from nbhelpers.playgrounds.engine.guards import WHOLE
from nbhelpers.playgrounds.engine.recipe import LIBRARIES
from nbhelpers.playgrounds.engine.settings import Settings
from nbhelpers.threads import one_thread


class Series:
    """Values that were measured at certain steps, cheap to append to."""

    def __init__(self):
        self._steps, self._values = array("q"), array("d")

    def __len__(self):
        return len(self._steps)

    @property
    def steps(self):
        """The steps, an int array (n,)."""
        return np.array(self._steps)

    @property
    def values(self):
        """The values, a float array (n,)."""
        return np.array(self._values)

    def append(self, step, value):
        """Add the value that was measured at a step."""
        self._steps.append(step)
        self._values.append(value)

    def last(self, n=1):
        """The last n steps and values."""
        return np.array(self._steps[-n:]), np.array(self._values[-n:])

    def sample(self, n=400):
        """At most about n steps and values, evenly spread and the last one too, to be drawn."""
        stride = 1
        while len(self) > n * stride:
            stride *= 2  # doubling keeps the chosen points the same while the curve grows
        steps, values = self._steps[::stride], self._values[::stride]
        if len(self) and steps[-1] != self._steps[-1]:
            steps, values = steps + self._steps[-1:], values + self._values[-1:]
        return np.array(steps), np.array(values)


@dataclass
class Run:
    """A run that is over: what was set, how far it went, its curves, and a label for a legend."""

    settings: Settings
    steps: int
    history: dict
    label: str = ""


def once_a_step(method):
    """An experiment's method without arguments: evaluated once a step at most, without warnings."""

    @wraps(method)
    def measured(experiment):
        at, value = experiment.measured.get(method.__name__, (None, None))
        if at != experiment.steps:
            with np.errstate(all="ignore"):
                value = method(experiment)
            experiment.measured[method.__name__] = experiment.steps, value
        return value

    return measured


class Experiment:
    """Something that is trained step by step; see the top of this module for how to write one.

    Parameters
    ----------
    settings : Settings, optional
        An instance of the class's `Settings`; the defaults if it is not given.

    Attributes
    ----------
    settings : Settings
    steps : int
        How many steps have been made.
    history : dict of str to Series
        At least `history["loss"]`.
    loss : float
        The last recorded loss.
    diverged : int or None
        The step at which the loss stopped being a finite number; no step is made after it.
    rng : numpy.random.Generator
        Made anew from the seed before `build`.
    net : MLP, or another object with an array `params`
        All that is learned; `build` makes it.
    """

    Settings = Settings
    unit = "step"  # what a step is called in the summary
    most_steps = 200_000  # training ends here, so that every settings string can be followed

    def __init__(self, settings=None):
        self.settings = self.Settings() if settings is None else settings
        if not isinstance(self.settings, self.Settings):
            raise ValueError(f"settings must be {self.Settings.__name__}, got {settings!r:.60}")
        self.reset()

    # -- for subclasses ---------------------------------------------------------------------
    def build(self):
        """Create data and network from `self.settings` and `self.rng`; record the first loss."""
        raise NotImplementedError("an experiment needs build()")

    def advance(self):
        """Make one step; return the new loss, or None if it was not evaluated."""
        raise NotImplementedError("an experiment needs advance()")

    def where(self, steps):
        """How far so many steps lead, for the summary: a unit and a number, both as text."""
        return self.unit, f"{steps:,}"

    def measured_words(self):
        """What the summary says instead of the loss, if anything."""
        return ""

    def describe(self):
        """What the summary says after step and loss."""
        return ""

    def goal(self):
        """What a reader may try to reach, a `Goal` with the present score, or None."""
        return None

    def progress(self, steps):
        """What a change of settings keeps, if not the number of steps itself."""
        return steps

    def steps_for(self, progress):
        """The number of steps that lead as far as `progress` says."""
        return progress

    def hovered(self, place, x, y):
        """What is at a place of the picture, in a few words (see `Settings.hovered`)."""
        return self.settings.hovered(place, x, y)

    def code(self):
        """The plain NumPy script that gives what the picture shows: ASCII, and NumPy alone.

        It prints "step 1,000, loss 0.0185", with the experiment's own unit.
        """
        return "# there is no script for this experiment\n"

    def other_code(self):
        """The same training in other libraries: {"scikit-learn": ..., "PyTorch": ...}.

        A script (ASCII) prints "step 1,000, loss 0.0185", the same loss after as many steps from
        the same weights. What a library can't do, one line of comment says instead.
        """
        return dict.fromkeys(LIBRARIES[1:], "# there is no script for this experiment\n")

    def code_in(self, library):
        """The script in one of `LIBRARIES`: "NumPy", "scikit-learn" or "PyTorch"."""
        if library not in LIBRARIES:
            raise ValueError(f"library must be one of {', '.join(LIBRARIES)}, got {library!r:.60}")
        return self.code() if library == "NumPy" else self.other_code()[library]

    def advice(self):
        """What to try when the loss has diverged."""
        return "Try a smaller learning rate, then Reset."

    def record(self, name, value):
        """Append `value` to the curve `name` at the present step; returns the value."""
        self.history.setdefault(name, Series()).append(self.steps, value)
        return value

    # -- for everybody ----------------------------------------------------------------------
    @property
    def loss(self):
        """The last recorded loss."""
        return float(self.history["loss"].last()[1][0])

    @one_thread
    def reset(self):
        """Go back to step 0 with the same initial weights."""
        with WHOLE:
            self.steps, self.history, self.diverged, self.measured = 0, {}, None, {}
            self.rng = np.random.default_rng(getattr(self.settings, "seed", 0))
            self.build()

    def change(self, **values):
        """Change some settings (checked) and go back to step 0."""
        with WHOLE:
            self.settings = replace(self.settings, **values)
            self.reset()

    def look(self, **values):
        """Change settings that say only what is looked at (checked); the training stays."""
        self.settings = replace(self.settings, **values)

    def new_weights(self):
        """Take the next seed, go back to step 0."""
        largest = self.Settings.allowed()["seed"].high
        self.change(seed=(self.settings.seed + 1) % (largest + 1))

    @one_thread
    def step(self, n=1, seconds=None):
        """Make n steps, or fewer: time is up, the loss has diverged, or `most_steps` is reached.

        An interrupt comes between two steps, never within one.

        Parameters
        ----------
        n : int
        seconds : float, optional
            Begin no further step after this time.

        Returns
        -------
        int
            The number of steps made.
        """
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
            raise ValueError(f"n must be a whole number of steps, at least 0, got {n!r:.60}")
        end = time.perf_counter() + (np.inf if seconds is None else seconds)
        made = 0
        # A step that overflows is explained, not warned about.
        with WHOLE, np.errstate(all="ignore"):
            while made < n and self.diverged is None and self.steps < self.most_steps:
                self.steps += 1
                try:
                    loss = self.advance()
                except FloatingPointError:
                    loss = self.record("loss", np.inf)
                except BaseException:  # a step that broke off does not count
                    self.steps -= 1
                    raise
                made += 1
                if loss is not None and not np.isfinite(loss):
                    self.diverged = self.steps
                if time.perf_counter() > end or WHOLE.interrupted:
                    break
        return made

    def run(self, label=""):
        """The run so far as a `Run` (cheap: nothing is copied)."""
        return Run(self.settings, self.steps, self.history, label)
