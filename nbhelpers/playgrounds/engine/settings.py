"""What can be set in a playground: declared once, checked always, written as one line of text.

A class of settings declares each with its default and what it may be::

    @dataclass(frozen=True)
    class MySettings(Settings):
        learning_rate: float = number(1.0, 0.01, 30, log=True)
        hidden: int = number(3, 1, 8, label="hidden units")
        activation: str = choice("sigmoid", HIDDEN)
        seed: int = seed()

Its controls, the settings string and every error message follow from that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields

import numpy as np


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
    typed: bool = False
    show: bool = True
    normalize: Callable = None
    what: str = ""
    view: bool = False

    def round(self, value):
        """A slider's value without its rounding noise: logarithmic ones get three digits."""
        if not isinstance(value, float) or not np.isfinite(value):
            return value
        if not self.log:
            return round(value, 9)
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
        if self.normalize:
            if not isinstance(value, str):
                raise error
            try:
                return self.normalize(value)
            except ValueError as reason:
                raise ValueError(f"{error}: {reason}") from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise error
        if not self.low <= value <= self.high or self.kind(value) != value:  # NaN fails here too
            raise error
        return self.kind(value) + self.kind(0)  # no -0.0

    def read(self, name, text):
        """Turn text into a checked value; nothing is ever evaluated."""
        for option in self.options:
            if text == str(option) or is_number(text, option):
                return option
        if self.options or self.normalize:
            return self.check(name, text)
        try:
            return self.check(name, int(text) if self.kind is int else float(text))
        except (ValueError, OverflowError):
            raise ValueError(f"{name} must be {self}, got {text!r:.60}") from None

    def __str__(self):
        if self.normalize:
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


def number(default, low, high, log=False, label=None, short=None, typed=False, show=True):
    """A numeric setting from `low` to `high`; a whole number if `default` is an int.

    `label`: the words beside its control (from its name otherwise); `short`: those in the legend
    of kept runs. `log`: the slider is logarithmic; `typed`: a number box instead of a slider;
    `show`: whether there is a control at all.
    """
    allowed = Allowed(type(default), low, high, log, (), label, short, typed, show)
    return field(default=default, metadata={"allowed": allowed})


def choice(default, options, label=None, short=None, show=True, view=False):
    """A setting that is one of `options` (strings, or numbers, or bools).

    `view`: it says only what is looked at, so a training goes on where it is, and settings that
    differ in nothing else are equal.
    """
    allowed = Allowed(
        *(type(default), None, None, False, tuple(options), label, short, False, show), view=view
    )
    return field(default=default, compare=not view, metadata={"allowed": allowed})


def text(normalize, what, default="", label=None):
    """A setting that is a text without commas. It has no control: its panel offers other means.

    `normalize(text)` returns the text in its one proper form, or raises ValueError that says what
    is wrong with it; `what` says what it should be, as in "points class:x1:x2;...".
    """
    allowed = Allowed(str, None, None, False, (), label, None, False, False, normalize, what)
    return field(default=default, metadata={"allowed": allowed})


def seed(default=0):
    """The seed of the random numbers; *New weights* takes the next one."""
    return number(default, 0, 9999, label="seed", typed=True)


@dataclass(frozen=True)
class Settings:
    """Base of an experiment's settings: every field is checked when an instance is created.

    `SLIDERS_A_ROW` is for those that belong together; 0: as many as there is room for.
    """

    SLIDERS_A_ROW = 0

    def __post_init__(self):
        for name, allowed in self.allowed().items():
            object.__setattr__(self, name, allowed.check(name, getattr(self, name)))

    def goal(self):
        """What a reader may try to reach, a `Goal` with the present score, or None."""
        return None

    def waiting(self, before):
        """What to say while the picture after a change is made, if that takes long."""
        return ""

    def handles(self):
        """What can be dragged: name -> (x, y) in the data of the picture's axes `pointed(name)`."""
        return {}

    def pressed(self, place, x, y):
        """The settings after a click there, in the data of the picture's `places()[place]`."""
        return self

    def hovered(self, place, x, y):
        """What is there, in a few words for the page to show beside the pointer; "": nothing."""
        return ""

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
        """Read a settings string, `learning_rate=0.5,seed=3`; returns (settings, steps or None).

        Fields that are not named keep their defaults. Without a limit there are no steps.

        Raises
        ------
        ValueError
            For an unknown name, a value that is not allowed, a name given twice, a missing "=".
        """
        allowed = cls.allowed()
        if steps_limit is not None:
            allowed["steps"] = Allowed(int, 0, steps_limit)
        values = {}
        text = str(text).strip()
        if len(text) > 2000:
            raise ValueError("settings must be a text of at most 2000 characters")
        for part in re.split(r",(?![^\[\]]*\])", text):  # a comma within [0, 2] belongs to a value
            if not part.strip():
                continue
            name, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise ValueError(f"settings are written name=value, got {part.strip()!r:.60}")
            if name not in allowed:
                raise ValueError(f"unknown setting {name!r:.60}; there are: {', '.join(allowed)}")
            if name in values:
                raise ValueError(f"{name} is given twice")
            values[name] = allowed[name].read(name, value)
        steps = values.pop("steps", None)
        return cls(**values), steps

    def text(self, steps=None):
        """The settings string; `parse` reads it back exactly.

        A setting without a control is in it only where it isn't the default.
        """
        values = {
            f.name: value
            for f in fields(self)
            if (value := getattr(self, f.name)) != f.default or f.metadata["allowed"].show
        }
        values |= {} if steps is None else {"steps": steps}
        return ",".join(f"{name}={value}" for name, value in values.items())
