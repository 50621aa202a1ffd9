"""Recognise typical mistakes: by the values they give, by the error they stop with."""

import copy
import dis
import types
from typing import NamedTuple

import numpy as np

from nbhelpers.teaching.failures import examine


class Pair(NamedTuple):
    """An output to compare: its case, its name if there are several, both values as arrays."""

    case: tuple
    label: str
    right: np.ndarray
    mine: np.ndarray


# -- what a function of the bank gives --------------------------------------------------------


def outcome(exercise, function, case):
    """What a function of the bank gives for a case."""
    if not callable(function):
        return function
    arguments = copy.deepcopy(case)
    returned = function(*arguments)
    return freeze(pick(exercise, arguments, returned))


def pick(exercise, arguments, returned):
    """What is compared: the arguments that are changed in place, otherwise what is returned."""
    if not exercise.changes:
        return returned
    picked = tuple(arguments[i] for i in exercise.changes)
    return picked if len(picked) > 1 else picked[0]


def freeze(value):
    """A copy, so that a later call cannot change an array that was returned before."""
    if isinstance(value, np.ndarray):
        return np.array(value)
    return type(value)(map(freeze, value)) if type(value) in (tuple, list) else value


# -- equal values -----------------------------------------------------------------------------


def all_right(mine, right, tolerance):
    """True if arrays are equal up to `tolerance` times the largest value, and 1e-12 at least."""
    return np.shape(mine) == np.shape(right) and bool(right_values(mine, right, tolerance).all())


def right_values(mine, right, tolerance):
    """Boolean array: which values are right."""
    right, mine = np.asarray(right, float), np.asarray(mine, float)
    finite = np.abs(right[np.isfinite(right)])
    scale = max(finite.max(initial=0.0), 1e-6) if finite.any() else 1.0
    return np.isclose(mine, right, rtol=tolerance, atol=tolerance * scale, equal_nan=True)


def numeric(value):
    """True for a number and for an array of numbers; True and False count as 1 and 0."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "biuf"
    return isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating))


# -- mistakes of the bank ---------------------------------------------------------------------


def _flat(value):
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _given(exercise, wrong, runs):
    """What a listed mistake gives in each run; [] if it cannot handle one of the inputs."""
    try:
        return [outcome(exercise, wrong, case) for case, _, _ in runs]
    except Exception:  # then it is not the learner's
        return []


def _agreement(exercise, given, yours, outputs=None):
    """Fraction of your values, in all outputs or in these, that are those given; 0 where none."""
    masks = [np.zeros(0, bool)]
    for a, b in zip(map(_flat, given), map(_flat, yours), strict=False):
        if len(a) != len(b):
            return 0.0
        for i in range(len(a)) if outputs is None else set(outputs) & set(range(len(a))):
            if not numeric(b[i]) or np.shape(a[i]) != np.shape(b[i]):
                return 0.0
            masks.append(np.ravel(right_values(b[i], a[i], exercise.tolerance)))
    mask = np.concatenate(masks)
    return float(mask.mean()) if mask.size else 0.0


def right_runs(exercise, runs):
    """The cases that the learner has right."""
    return [c for c, right, yours in runs if _agreement(exercise, [right], [yours]) == 1]


def known_mistakes(exercise, runs):
    """The listed mistakes that give all the learner's values, in words.

    Where some of several outputs are right, the others are looked for by themselves: `W2: …`; not
    among the mistakes that give right values in another order.
    """
    _, expected, yours = zip(*runs, strict=True)
    wrong = [(m, _given(exercise, f, runs)) for f, m in exercise.mistakes.items()]
    found = [m for m, given in wrong if _agreement(exercise, given, yours) == 1]
    names = exercise.outputs
    bad = [i for i in range(len(names)) if _agreement(exercise, expected, yours, [i]) < 1]
    if not found and 0 < len(bad) < len(names):
        label = " and ".join(names[i] for i in bad)
        alike = [
            m
            for m, given in wrong
            if _agreement(exercise, given, yours, bad) == 1
            and not _moved(exercise, given, expected)
        ]
        found = [f"{label}: {m}" for m in alike[:1]]
    return found


def _moved(exercise, given, expected):
    """Whether an output is what another one should be."""
    first, right = _flat(given[0]), _flat(expected[0])
    places = [(i, j) for i in range(len(first)) for j in range(len(right)) if i != j]
    return any(all_right(first[i], right[j], exercise.tolerance) for i, j in places)


def known_failures(exercise, runs, case, failure):
    """The listed mistakes that give the learner's values so far, then stop in the same way.

    Where there is none, those that give the values so far, if some of these are wrong already.
    """
    alike = known_mistakes(exercise, runs) if runs else exercise.mistakes.values()
    wrong = exercise.mistakes.items()
    found = [m for f, m in wrong if m in alike and _fails_alike(exercise, f, case, failure)]
    if not found and len(right_runs(exercise, runs)) < len(runs) and len(set(alike)) == 1:
        found = alike[:1]
    return found


def remark(exercise, runs):
    """What the bank says of the first case that isn't right: a list of one sentence, or of none."""
    right = right_runs(exercise, runs)
    wrong = (i for i, case in enumerate(exercise.cases) if not any(case is r for r in right))
    said = exercise.remarks.get(next(wrong, None))
    return [said] if said else []


def _fails_alike(exercise, wrong, case, failure):
    """True for the same error and, where an operator raised it, the same two operands."""
    try:
        outcome(exercise, wrong, case)
    except Exception as error:
        other = examine(wrong, error)
    else:
        return False
    if other.kind != failure.kind or bool(other.inside) != bool(failure.inside):
        return False
    if (other.operands is None) != (failure.operands is None):
        return False
    pairs = zip(other.operands or (), failure.operands or (), strict=True)
    sizes = (map(np.abs, pair) for pair in pairs)  # in np.exp(-X * w), -X meets w
    return all(all_right(mine, theirs, exercise.tolerance) for theirs, mine in sizes)


def general_mistakes(exercise, pairs):
    """Mistakes that can be recognised without a list: sign, transposed, swapped, factor, shift."""
    tolerance = exercise.tolerance
    wrong = {p.label for p in pairs if not all_right(p.mine, p.right, tolerance)}
    if swapped(pairs, tolerance):
        return swapped(pairs, tolerance)
    if len(wrong) == 1 and len({p.label for p in pairs}) > 1:  # the other outputs are right
        found = general_mistakes(exercise, [p for p in pairs if p.label in wrong])
        return [f"{wrong.pop()}: {mistake}" for mistake in found]

    def all_close(change):
        return all(all_right(change(p.mine), p.right, tolerance) for p in pairs)

    if all_close(lambda mine: -mine.astype(float)):
        return ["the sign is flipped: every value is right once it is multiplied by −1"]
    if any(p.right.ndim == 2 for p in pairs) and all_close(lambda mine: mine.T):
        return ["the result is transposed: rows and columns are swapped"]
    return _factor(pairs, tolerance) or _shift(pairs, tolerance) or _rounded(pairs)


def swapped(pairs, tolerance):
    """That two outputs are in the wrong order, or []."""
    labels = list(dict.fromkeys(p.label for p in pairs))
    if len(labels) != 2:
        return []
    first, second = pairs[0::2], pairs[1::2]
    crossed = zip([*first, *second], [*second, *first], strict=True)
    ok = all(all_right(a.mine, b.right, tolerance) for a, b in crossed)
    return [f"{labels[0]} and {labels[1]} are in the wrong order"] if ok else []


def _rows(case):
    """Number of examples in a case: the rows of its first array."""
    arrays = [a for a in case if isinstance(a, np.ndarray) and a.ndim]
    return len(arrays[0]) if arrays else 0


def _ratio(right, mine):
    """The factor that takes the expected values to yours, by least squares; None if undefined."""
    right, mine = np.asarray(right, float).ravel(), np.asarray(mine, float).ravel()
    square = right @ right
    return float(right @ mine / square) if square > 0 else None


def _factor(pairs, tolerance):
    found = [(_ratio(p.right, p.mine), p) for p in pairs]  # None where 0 is expected everywhere
    useful = [(ratio, p) for ratio, p in found if ratio is not None]
    if not useful or not all(all_right(p.mine, (r or 0) * p.right, tolerance) for r, p in found):
        return []
    ratios, rows = np.array([r for r, _ in useful]), np.array([_rows(p.case) for _, p in useful])
    missing = rows.all() and np.allclose(ratios, rows, rtol=1e-5)
    if missing or (rows.all() and np.allclose(ratios * rows, 1, rtol=1e-5)):
        n, size = max(rows), "large" if missing else "small"
        ask = "is 1/n missing?" if missing else "is it divided by n once too often?"
        return [f"with n = {n} examples your values are {n} times too {size}: {ask}"]
    factor = ratios[0]
    if factor == 0 or abs(abs(factor) - 1) < 1e-3 or not np.allclose(ratios, factor, rtol=1e-5):
        return []
    values = sum(np.count_nonzero(p.right) for p in pairs)
    size = abs(factor) if abs(factor) > 1 else 1 / abs(factor)
    if values < 2 and not (np.isclose(size, round(size)) and round(size) in (*range(2, 11), 100)):
        return []  # any two numbers have a ratio; it says something only if it is a simple one
    text = f"your values are {size:.4g} times too {'large' if abs(factor) > 1 else 'small'}"
    text += " and have the wrong sign" if factor < 0 else ""
    return [text + ": is a constant factor missing, or one too many?"]


def _shift(pairs, tolerance):
    differences = np.concatenate([np.ravel(p.mine - p.right.astype(float)) for p in pairs])
    if differences.size < 3 or not all_right(differences, 0 * differences + differences[0], 1e-5):
        return []
    word = "large" if differences[0] > 0 else "small"
    return [f"all your values are too {word} by {abs(differences[0]):.4g}"]


def _rounded(pairs):
    if all(p.mine.dtype.kind in "iu" and np.array_equal(p.mine, np.trunc(p.right)) for p in pairs):
        return ["an array of whole numbers cuts off what comes after the point"]
    for digits in range(7) if any(p.mine.any() for p in pairs) else ():
        if all(np.allclose(p.mine, np.round(p.right, digits), rtol=0, atol=1e-12) for p in pairs):
            return ["your values are rounded; return them as they are"]
    return []


# -- by the names in it -----------------------------------------------------------------------


def names_outside(function):
    """The names that a function written in Python reads from around it -> their values there."""
    found, todo = {}, [getattr(function, "__code__", None)]
    for part in todo:
        if isinstance(part, types.CodeType):
            read = (i.argval for i in dis.get_instructions(part) if i.opname == "LOAD_GLOBAL")
            found |= {n: function.__globals__.get(n) for n in read}
            todo += part.co_consts
    return found
