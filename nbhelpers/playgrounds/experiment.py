"""What is being trained in a playground: settings, steps, history. It knows no widget.

One principle holds everywhere: **what you see is a function of the settings and of the number of
steps.** A change of any setting starts again from the initial weights that the seed gives, so the
settings string, *Show code* and *Keep* are exact.

To write an experiment, declare its settings and say how to build it and how to make one step::

    @dataclass(frozen=True)
    class MySettings(Settings):
        learning_rate: float = number(1.0, 0.01, 30, log=True)
        hidden: int = number(3, 1, 8, label="hidden units")
        activation: str = choice("sigmoid", ["sigmoid", "tanh"])
        seed: int = seed()

    class MyExperiment(Experiment):
        Settings = MySettings

        def build(self):            # from self.settings alone, with self.rng
            self.net = MLP([2, self.settings.hidden, 1], output="sigmoid", rng=self.rng)
            self.record("loss", self.net.loss(...))       # the state before the first step

        def advance(self):          # one step; returns the new loss (None: not evaluated)
            ...
            return self.record("loss", loss)

        def describe(self):         # "4 of 4 right", for the summary; may be ""
        def code(self):             # the plain NumPy script of Show code
        def advice(self):           # what to try when the loss has diverged
"""

import signal
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from urllib.parse import unquote_plus, urlencode

import numpy as np

from nbhelpers.threads import one_thread


class Whole:
    """A context that is left whole: an interrupt of the kernel waits until its end.

    An interrupt may come between any two lines; one that came while a network is being built, or
    a curve is one point ahead of the other, would leave something behind that never works again.
    Whoever makes many steps inside of it looks at `interrupted` in between. A second interrupt
    does not wait.

    Python hears of interrupts in its main thread only; in other threads this does nothing.
    """

    def __init__(self):
        self.depth, self.interrupted, self.before = 0, False, None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            if not self.depth:
                self.before = signal.getsignal(signal.SIGINT)
                if callable(self.before):  # neither ignored nor left to the system
                    signal.signal(signal.SIGINT, self._wait)
            self.depth += 1  # last: before it, an interrupt may still end this method
        return self

    def __exit__(self, kind, error, trace):
        if threading.current_thread() is threading.main_thread():
            self.depth -= 1
            if not self.depth:
                if callable(self.before):
                    signal.signal(signal.SIGINT, self.before)
                interrupted, self.interrupted = self.interrupted, False
                if interrupted and kind is None:
                    raise KeyboardInterrupt

    def _wait(self, number, frame):
        if self.interrupted:
            self.before(number, frame)
        self.interrupted = True


WHOLE = Whole()  # one for the whole process, as there is one handler of interrupts


@dataclass(frozen=True)
class Allowed:
    """What a setting may be: a number in a range, one of several options, or a text."""

    kind: type
    low: float = None
    high: float = None
    log: bool = False
    options: tuple = ()
    label: str = None
    short: str = None
    box: bool = False
    show: bool = True
    spell: Callable = None
    what: str = ""

    def round(self, value):
        """A slider's value without its rounding noise: logarithmic ones get three digits."""
        if not self.log or not isinstance(value, float) or not np.isfinite(value):
            return value
        return min(max(float(f"{value:.3g}"), self.low), self.high)

    def check(self, name, value):
        """Return `value` in its proper type, or raise ValueError that says what is allowed."""
        error = ValueError(f"{name} must be {self}, got {value!r:.60}")
        if isinstance(value, np.generic):  # np.int64(128) is 128
            value = value.item()
        if self.options:
            for option in self.options:
                if type(option) is type(value) and option == value:
                    return option
            raise error
        if self.spell:
            if not isinstance(value, str):
                raise error
            try:
                return self.spell(value)
            except ValueError as reason:
                raise ValueError(f"{error}: {reason}") from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise error
        if not self.low <= value <= self.high or self.kind(value) != value:  # NaN fails here too
            raise error
        return self.kind(value)

    def read(self, name, text):
        """Turn text into a checked value; nothing is ever evaluated."""
        for option in self.options:
            if text == str(option) or is_number(text, option):
                return option
        if self.options or self.spell:
            return self.check(name, text)
        try:
            return self.check(name, int(text) if self.kind is int else float(text))
        except (ValueError, OverflowError):
            raise ValueError(f"{name} must be {self}, got {text!r:.60}") from None

    def __str__(self):
        if self.spell:
            return self.what
        if self.options:
            return "one of " + ", ".join(str(option) for option in self.options)
        what = "a whole number" if self.kind is int else "a number"
        return f"{what} from {self.low:g} to {self.high:g}"


def is_number(text, value):
    """Whether text is this number in other digits: "0" for 0.0; False if value is not a number."""
    if type(value) not in (int, float):
        return False
    try:
        return float(text) == value
    except ValueError:
        return False


def number(default, low, high, log=False, label=None, short=None, box=False, show=True):
    """A numeric setting from `low` to `high`; a whole number if `default` is an int.

    `label`: the words beside its control (from its name otherwise); `short`: those in the legend
    of kept runs. `log`: the slider is logarithmic; `box`: a number box instead of a slider;
    `show`: whether there is a control at all.
    """
    allowed = Allowed(type(default), low, high, log, (), label, short, box, show)
    return field(default=default, metadata={"allowed": allowed})


def choice(default, options, label=None, short=None, show=True):
    """A setting that is one of `options` (strings, or numbers, or bools)."""
    allowed = Allowed(type(default), None, None, False, tuple(options), label, short, False, show)
    return field(default=default, metadata={"allowed": allowed})


def text(spell, what, default="", label=None):
    """A setting that is a text without commas. It has no control: its panel offers other means.

    `spell(text)` returns the text in its one proper spelling, or raises ValueError that says what
    is wrong with it; `what` says what it should be, as in "points class:x1:x2;...".
    """
    allowed = Allowed(str, None, None, False, (), label, None, False, False, spell, what)
    return field(default=default, metadata={"allowed": allowed})


def seed(default=0):
    """The seed of the random numbers; *New weights* takes the next one."""
    return number(default, 0, 9999, label="seed", box=True)


@dataclass(frozen=True)
class Settings:
    """Base of an experiment's settings: every field is checked when an instance is created."""

    def __post_init__(self):
        for name, allowed in self.allowed().items():
            object.__setattr__(self, name, allowed.check(name, getattr(self, name)))

    @classmethod
    def allowed(cls):
        """The fields: a dict of name to `Allowed`."""
        return {f.name: f.metadata["allowed"] for f in fields(cls)}

    @classmethod
    def label(cls, name):
        """The words for a field."""
        return cls.allowed()[name].label or name.replace("_", " ")

    def words(self, name):
        """A field and its value in few words, "rate 0.5"; of a menu only the value."""
        allowed, value = self.allowed()[name], getattr(self, name)
        words = allowed.short if allowed.short is not None else self.label(name)
        return f"{words} {value:g}" if allowed.kind in (int, float) else f"{words} {value}".strip()

    @classmethod
    def parse(cls, text, steps_limit=1_000_000):
        """Read a settings string; returns (settings, steps or None).

        Both forms are read: `learning_rate=0.5,seed=3` and the URL-safe
        `learning_rate=0.5&seed=3`. Fields that are not named keep their defaults.

        Raises
        ------
        ValueError
            For an unknown name, a value that is not allowed, a name given twice, a missing "=".
        """
        allowed = {**cls.allowed(), "steps": Allowed(int, 0, steps_limit)}
        values = {}
        text = str(text).strip()
        if len(text) > 2000:
            raise ValueError("settings must be a text of at most 2000 characters")
        for part in text.lstrip("?#").replace("&", ",").split(","):
            if not part.strip():
                continue
            name, equals, value = (piece.strip() for piece in unquote_plus(part).partition("="))
            if not equals:
                raise ValueError(f"settings are written name=value, got {part.strip()!r:.60}")
            if name not in allowed:
                raise ValueError(f"unknown setting {name!r:.60}; there are: {', '.join(allowed)}")
            if name in values:
                raise ValueError(f"{name} is given twice")
            values[name] = allowed[name].read(name, value)
        steps = values.pop("steps", None)
        return cls(**values), steps

    def text(self, steps=None, url=False):
        """The settings string; `parse` reads it back exactly."""
        values = asdict(self) | ({} if steps is None else {"steps": steps})
        if url:
            return urlencode(values)
        return ",".join(f"{name}={value}" for name, value in values.items())


class Curve:
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
    history : dict of str to Curve
        At least `history["loss"]`.
    loss : float
        The last recorded loss.
    diverged : int or None
        The step at which the loss stopped being a finite number; no step is made after it.
    rng : numpy.random.Generator
        Made anew from the seed before `build`.
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

    def describe(self):
        """What the summary says after step and loss."""
        return ""

    def code(self):
        """The plain NumPy script that prints what the picture shows."""
        return "# there is no script for this experiment\n"

    def advice(self):
        """What to try when the loss has diverged."""
        return "Try a smaller learning rate, then Reset."

    def record(self, name, value):
        """Append `value` to the curve `name` at the present step; returns the value."""
        self.history.setdefault(name, Curve()).append(self.steps, value)
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
            self.steps, self.history, self.diverged = 0, {}, None
            self.rng = np.random.default_rng(getattr(self.settings, "seed", 0))
            self.build()

    def change(self, **values):
        """Change some settings (checked) and go back to step 0."""
        names = self.Settings.allowed()
        for name in values:
            if name not in names:
                raise ValueError(f"unknown setting {name!r}; there are: {', '.join(names)}")
        with WHOLE:
            self.settings = replace(self.settings, **values)
            self.reset()

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
                    loss = self._advance()
                except BaseException:  # a step that broke off does not count
                    self.steps -= 1
                    raise
                made += 1
                if loss is not None and not np.isfinite(loss):
                    self.diverged = self.steps
                if time.perf_counter() > end or WHOLE.interrupted:
                    break
        return made

    def _advance(self):
        try:
            return self.advance()
        except FloatingPointError:
            return self.record("loss", np.inf)

    def parse(self, text):
        """Read a settings string for this experiment; returns (settings, steps or None)."""
        return self.Settings.parse(text, self.most_steps)

    def run(self, label=""):
        """The run so far as a `Run` (cheap: nothing is copied)."""
        return Run(self.settings, self.steps, self.history, label)
