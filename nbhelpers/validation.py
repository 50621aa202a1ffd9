"""Checks of arguments: a value that cannot be meant is refused at once, in words.

Each check takes its values by name, `at_least_one(epochs=epochs)`, so that its message can say
which of them is wrong. True and False count as numbers nowhere here, although Python lets them.
"""

import math
from numbers import Integral, Real

import numpy as np


def is_whole(value):
    """Tell whether `value` is a whole number: an int of Python's or NumPy's, and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value):
    """Tell whether `value` is one finite real number, and not a bool."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def at_least_zero(**values):
    """Raise a ValueError that names the first value that is not a finite number, 0 or more."""
    for name, value in values.items():
        if not (is_number(value) and value >= 0):
            raise ValueError(f"{name} is {value!r}; expected a finite number, 0 or more")


def above_zero(**values):
    """Raise a ValueError that names the first value that is not a finite number above 0."""
    for name, value in values.items():
        if not (is_number(value) and value > 0):
            raise ValueError(f"{name} is {value!r}; expected a finite number above 0")


def below_one(**values):
    """Raise a ValueError that names the first value that is 1 or more, or no number at all."""
    for name, value in values.items():
        if not (is_number(value) and value < 1):
            raise ValueError(f"{name} is {value!r}; expected a number less than 1")


def at_least(least, **values):
    """Raise a ValueError that names the first value that is not a whole number from `least` up."""
    for name, value in values.items():
        if not (is_whole(value) and value >= least):
            raise ValueError(f"{name} is {value!r}; expected an integer of {least} or more")


def at_least_one(**values):
    """Raise a ValueError that names the first value that is not a whole number from 1 up."""
    at_least(1, **values)


def true_or_false(**values):
    """Raise a ValueError that names the first value that is neither True nor False."""
    for name, value in values.items():
        if not isinstance(value, (bool, np.bool_)):
            raise ValueError(f"{name} is {value!r}; expected True or False")


def checked_rng(rng):
    """Return `rng`, or raise a ValueError where it is not a numpy Generator."""
    if not isinstance(rng, np.random.Generator):
        raise ValueError(
            f"rng is {rng!r}; expected a numpy Generator such as np.random.default_rng(0)"
        )
    return rng
