"""Exercise checks: say what is right about an answer, what is not, and a little more each time.

`check("lesson.name", answer)` compares an answer (a function, a number, an array or a tuple of
arrays) with the one in the bank. It never raises, whatever the answer is or does, and comes back
from one that doesn't end. What an answer shows by itself is told at once: what came and what was
expected, the error in words, a mistake that is recognised, the notebook's arrays that a function
reads. What is the same for every answer comes with the number of the try: hints, and of a plain
value, which a sign or a factor would give away, the sign, the size, the likely mistake.
"""

import contextlib
import copy
import html
import inspect
import io
import numbers
import re
import sys
import warnings
from dataclasses import dataclass, field

import numpy as np

from nbhelpers.boxes import Shown, announce, box, code, plain, shell
from nbhelpers.teaching import bank, progress
from nbhelpers.teaching.failures import examine, last_line
from nbhelpers.teaching.recognise import (
    Pair,
    all_right,
    freeze,
    general_mistakes,
    known_failures,
    known_mistakes,
    names_outside,
    numeric,
    outcome,
    pick,
    remark,
    right_runs,
    right_values,
    swapped,
)
from nbhelpers.time_limit import TimeLimit, TimeUp

SECONDS = 10  # for all calls of an answer in one check


@dataclass(eq=False, repr=False)
class Result(Shown):
    """What `check` found: `passed`, `stage` and `message` (plain text).

    `stage` is "passed", "unsolved", "error", "type", "changed input", "nan", "shape", "value" or
    "mistake". `mistakes` lists the mistakes that were recognised and named.
    """

    name: str
    kind: str  # of the box
    stage: str
    title: str  # as HTML, like the lines
    lines: list
    mistakes: tuple = ()
    shown_in: int | None = None

    @property
    def passed(self):
        return self.stage == "passed"

    @property
    def message(self):
        return "\n  ".join(plain(line) for line in [self.title, *self.lines])

    @property
    def text(self):
        return self.message

    @property
    def html(self):
        return box(self.kind, self.title, self.lines)

    def _ipython_display_(self):
        """Show the box, but not a second time in the cell that has already shown it."""
        here = shell()
        if here is None or here.execution_count != self.shown_in:
            announce(self)


@dataclass
class _Finding:
    """Facts to tell at once, and what is told step by step."""

    stage: str
    facts: list = field(default_factory=list)
    sign: str = ""
    example: str = ""
    known: list = field(default_factory=list)  # mistakes recognised exactly, in words
    general: list = field(default_factory=list)  # the same without a list


_results = {}  # name -> latest Result in this kernel
_tries = {}  # name -> number of wrong answers so far


def check(name, answer):
    """Compare an answer with the exercise "lesson.name"; show what was found once and return it.

    The answer is a function or value, the outcome a `Result`. It raises ValueError only if there
    is no exercise of this name.
    """
    result, here = judge(name, answer), shell()
    if here is not None:
        result.shown_in = here.execution_count
    if here is not None or not hasattr(sys, "ps1"):  # a plain prompt prints the result by itself
        announce(result)
    return result


def judge(name, answer):
    """The `Result` of `check`, which counts as a try, but isn't shown."""
    exercise = bank.exercise(name)
    result = _results[name] = _result(name, exercise, _found(exercise, answer))
    if result.passed:
        progress.keep_passed(name)
    return result


def passes(name, answer):
    """Whether an answer is right. It is no try, and what it prints isn't shown."""
    with contextlib.redirect_stdout(io.StringIO()):
        return _found(bank.exercise(name), answer).stage == "passed"


def _found(exercise, answer):
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # a warning on the page would look like a verdict
            return _compare(exercise, answer)
    except Exception as error:  # an answer that cannot even be looked at; it is told, not hidden
        return _Finding("type", ["Your answer cannot be compared: " + code(last_line(error))])


class Progress(Shown):
    """Which exercises are done: `done` and `missing` are lists of names.

    The latest answer in this kernel counts; where there is none, what passed on an earlier day.
    """

    def __init__(self, lessons):
        names = [f"{lesson}.{n}" for lesson in lessons for n in bank.exercises(lesson)]
        before = progress.passed()
        self.done = [n for n in names if (_results[n].passed if n in _results else n in before)]
        self.missing = [n for n in names if n not in self.done]
        lines = [f"{'✓ done' if n in self.done else '○ to do'}: {code(n)}" for n in names]
        title = f"{len(self.done)} of {len(names)} exercises done"
        if not names:
            title = "No exercise has been checked yet"
        kind = "passed" if names and not self.missing else "neutral"
        self.html = box(kind, title, lines)
        self.text = "\n".join([title, *("  " + plain(line) for line in lines)])


def report(lesson=None):
    """Which exercises of a lesson are done (default: of all lessons begun)."""
    known, here = bank.lessons(), {n.partition(".")[0] for n in _results}
    before = {n.partition(".")[0] for n in progress.passed()}  # a lesson may be gone by now
    return Progress([lesson] if lesson else sorted(here | before.intersection(known)))


def reset(name=None):
    """Forget the tries of one exercise, or of all."""
    for memory in (_results, _tries):
        for each in [*memory] if name is None else [name]:
            memory.pop(each, None)


# -- what the finding looks like --------------------------------------------------------------


def _result(name, exercise, finding):
    short = name.partition(".")[2]
    if finding.stage in ("passed", "unsolved"):
        right = finding.stage == "passed"
        title = ("✓ Right: " if right else "○ Not solved yet: ") + code(short)
        kind = "passed" if right else "neutral"
        return Result(name, kind, finding.stage, title, [*finding.facts])
    lines, stage = list(finding.facts), finding.stage
    tries = _tries[name] = _tries.get(name, 0) + 1
    told = tries + 2 * bool(exercise.cases)  # one value of a function gives nothing away
    named = tuple(finding.known or (finding.general if told >= 2 else ()))
    half = any(mistake in exercise.remarks.values() for mistake in named)
    lead = "So far" if half else "This looks like a known mistake"
    lines += [f"{lead}: {_sentence(mistake)}" for mistake in named]
    clues = [finding.sign] if told >= 2 and not named else []
    clues += [finding.example] if (tries >= 2 if named else told >= 3) else []
    lines += [" ".join(filter(None, clues))] if any(clues) else []
    early = stage == "value" and not named
    hints = exercise.hints[: len(exercise.hints) * (tries > 1) if half else tries - 1 + early]
    lines += [f"Hint: {hint}" for hint in (hints[-1:] if named else hints)]
    stage = "mistake" if named else stage
    return Result(name, "hint", stage, "△ Not yet: " + code(short), lines, named)


def _sentence(mistake):
    return f"<b>{mistake}</b>" + ("" if mistake.endswith(("?", ".", "!")) else ".")


# -- calling the answer -----------------------------------------------------------------------

_REPLACE = "Replace the <code>...</code>, then run the cell again."
_NOTHING = "Your answer is <code>None</code>: no value. (<code>print</code> gives none.)"


def _compare(exercise, answer):
    """The _Finding about an answer."""
    if _blank(answer):
        return _Finding("unsolved", [_NOTHING if answer is None else _REPLACE])
    if isinstance(exercise.reference, str):
        return _compare_text(exercise, answer)
    if callable(exercise.reference):
        finding = _compare_function(exercise, answer)
        if finding.stage not in ("passed", "unsolved") and not finding.known:
            finding.facts[:0] = _outside(answer)  # a likely cause of what follows
        return finding
    if callable(answer):
        return _Finding("type", ["A value is asked for here, and you pass a function."])
    return _compare_values(exercise, [((), exercise.reference, answer)])


def _compare_text(exercise, answer):
    right = _spelled(exercise.reference)
    if isinstance(answer, numbers.Integral) and right.startswith("line "):
        answer = str(answer)
    if not isinstance(answer, str):
        return _Finding("type", [f"A text in quotes is asked for; you pass {_kind(answer)}."])
    given = _spelled(answer)
    if given == right:
        return _Finding("passed", ["This is the right answer."])
    said = [m for wrong, m in exercise.mistakes.items() if _spelled(wrong) == given]
    return _Finding("value", ["This is not the right answer yet."], known=said)


def _spelled(text):
    """A short text as it is compared: in small letters, and 5, "line5" or "Line 5." as "line 5"."""
    text = text.strip().lower()
    line = re.fullmatch(r"(?:line)?\s*(\d+)\.?", text)
    return f"line {line[1]}" if line else text


def _compare_function(exercise, answer):
    """The _Finding about a function, which is called once for each case."""
    if not callable(answer):
        called = f"without parentheses: <code>f</code>, not {code(_call_text(exercise, 'f'))}"
        return _Finding("type", [f"Pass the function itself, {called}. You pass {_kind(answer)}."])
    runs, empty, spoiled, limit = [], [], set(), TimeLimit(SECONDS)
    for case in exercise.cases:
        arguments = copy.deepcopy(case)
        try:
            yours = limit.call(answer, *arguments)
        except KeyboardInterrupt:
            raise
        except TimeUp as error:
            return _endless(exercise, answer, case, error)
        except BaseException as error:  # also SystemExit: the kernel must survive it
            if empty:
                continue
            return _raised(exercise, answer, runs, case, error)
        yours = freeze(yours)
        touched = {i for i in range(len(case)) if not _equal(case[i], arguments[i])}
        spoiled |= touched - set(exercise.changes)
        if _blank(yours) and not (touched and exercise.changes):
            if yours is not None:
                return _Finding("unsolved", [_REPLACE])
            empty.append(case)
            continue
        if exercise.changes:
            yours = freeze(pick(exercise, arguments, None))
        runs.append((case, outcome(exercise, exercise.reference, case), yours))
    none = "Your function returns <code>None</code>"
    if empty and runs:
        fact = f"{none} for {_describe(exercise, empty[0])}, and a value for other inputs: "
        return _Finding("type", [fact + "one way through it has no <code>return</code>."])
    if empty:
        facts = [f"{none}. If it is written: is <code>return</code> missing?"]
        if "print" in names_outside(answer):
            facts.append("<code>print</code> shows a value, but doesn't return it.")
        return _Finding("unsolved", facts + [_advice(exercise, spoiled)] * bool(spoiled))
    finding = _compare_values(exercise, runs)
    finding.known = finding.known or remark(exercise, runs)
    right = right_runs(exercise, runs)
    explained = finding.known or finding.general or finding.facts[1:]
    if right and finding.stage in ("value", "shape", "nan") and not explained:
        finding.facts.append(f"For some it is right: for {_describe(exercise, right[0])}.")
    return _spoiled(exercise, runs, spoiled, finding) if spoiled else finding


def _outside(function):
    """What is to be said about values of the notebook that a function uses."""
    values = [n for n, v in names_outside(function).items() if numeric(v)]
    return (
        [f"Your function uses {_listed(map(code, values))} of the notebook{_gets(function)}."]
        if values
        else []
    )


def _gets(function):
    """What a function is called with, by its own names."""
    made = getattr(function, "__code__", None)
    names = made.co_varnames[: made.co_argcount] if made else ()
    return f"; the check passes {_listed(map(code, names))}" if names else ""


def _listed(words):
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _advice(exercise, positions):
    """What is to be said about arguments that should have been left as they were."""
    names = _argument_names(exercise)
    which = " and ".join(code(names[i]) for i in sorted(positions))
    return (
        f"Your function changes its input {which} in place, so the caller's array is no longer "
        "what it was. Make a new array (<code>B = A * 2</code>, not <code>A *= 2</code>), or "
        "work on a <code>.copy()</code>."
    )


def _spoiled(exercise, runs, positions, finding):
    """The finding, with advice about arguments that should have been left as they were."""
    if finding.stage == "passed":
        finding.facts = ["The values are right."]
        finding.known = known_mistakes(exercise, runs)  # the listed one that does the same
    finding.facts, finding.stage = [_advice(exercise, positions), *finding.facts], "changed input"
    return finding


def _blank(value):
    """True where `...`, None or NotImplemented stands instead of an answer."""
    if value is None or value is Ellipsis or value is NotImplemented:
        return True
    if isinstance(value, (tuple, list)):
        return any(_blank(v) for v in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return any(v is None or v is Ellipsis for v in value.flat)
    return False


def _equal(a, b):
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        equal_nan = a.dtype.kind in "fc" and b.dtype.kind in "fc"
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=equal_nan)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_equal(p, q) for p, q in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    return True  # other objects (a generator, a network) may change by being used


def _raised(exercise, answer, runs, case, error):
    """What happened, in which line, with which shapes; and the mistakes that stop like this."""
    failure = examine(answer, error)
    left_open = re.search("'ellipsis'|type ellipsis", failure.error)  # not "index ellipsis (...)"
    if isinstance(error, NotImplementedError) or left_open:
        return _Finding("unsolved", ["There is still a <code>...</code> to replace."])
    if failure.line:
        where = f"It happens in line {failure.number} of its cell: {code(failure.line)}."
    else:
        where = f"It is called like this: {code(_call_text(exercise, _name(answer)))}."
    before = "The"
    if runs:
        those = f"{len(runs)} inputs" if len(runs) > 1 else "input"
        right = len(right_runs(exercise, runs)) == len(runs)
        before = f"The first {those} {'gave what is right' if right else 'raised no error'}; the"
    called = f"{before} check called your function with {_shapes(exercise, case)}."
    known = known_failures(exercise, runs, case, failure) or remark(exercise, runs)
    words = failure.words()
    if isinstance(error, NameError) and not failure.inside:
        words = f"{words}{_gets(answer)}."
    facts = [words, _fewer(exercise, case, failure), f"{where} {called}"]
    return _Finding("error", [*filter(None, facts)], known=known)


def _fewer(exercise, case, failure):
    """That an index went beyond an array which is longer in another case, or ""."""
    beyond = re.search(r"IndexError: .* for axis ([01]) with size (\d+)", failure.error)
    if not beyond:
        return ""
    axis, size = map(int, beyond.groups())
    for name, here, *others in zip(_argument_names(exercise), case, *exercise.cases, strict=False):
        if not isinstance(here, np.ndarray) or here.ndim <= axis or here.shape[axis] != size:
            continue
        shapes = [np.shape(a) for a in others if np.ndim(a) == here.ndim]
        longer = [shape[axis] for shape in shapes if shape[axis] > size]
        if longer:
            counted = "values" if here.ndim == 1 else "columns" if axis else "rows"
            tells = f"{name}.shape[{axis}]" if axis else f"len({name})"
            return (
                f"The number of {counted} isn't always {longer[0]}: here {code(name)} has {size}, "
                f"which {code(tells)} tells."
            )
    return ""


def _endless(exercise, answer, case, error):
    """That its time was up, in which line it was, and what it was called with."""
    failure, seconds = examine(answer, error), f"{SECONDS:g} second{'s' * (SECONDS != 1)}"
    fact = f"Your function was still running after {seconds}: does a loop in it end?"
    where = f"It was in line {failure.number} of its cell: {code(failure.line)}. "
    called = f"The check called your function with {_shapes(exercise, case)}."
    return _Finding("error", [fact, (where if failure.line else "") + called])


# -- arguments and values in words ------------------------------------------------------------


def _name(function):
    name = getattr(function, "__name__", "f")
    return "f" if name == "<lambda>" else name


def _argument_names(exercise):
    width = max(len(case) for case in exercise.cases)
    try:
        names = list(inspect.signature(exercise.reference).parameters)
    except (TypeError, ValueError):  # a few built-in functions have no signature
        names = []
    return names[:width] + [f"argument {i + 1}" for i in range(len(names), width)]


def _call_text(exercise, function):
    return f"{function}({', '.join(_argument_names(exercise))})"


def _described(exercise, case, limit):
    """Each argument of a case; an array of up to `limit` numbers by these, others by shape."""
    for name, value in zip(_argument_names(exercise), case, strict=False):
        if isinstance(value, np.ndarray) and 0 < value.size <= limit:
            shown = np.array2string(value, precision=4, separator=", ").replace("\n", "")
            yield code(f"{name} = {shown}")
        elif isinstance(value, np.ndarray):
            yield f"{code(name)} of shape {value.shape}"
        elif isinstance(value, list) and all(isinstance(v, np.ndarray) for v in value):
            shapes = " ".join(str(v.shape).replace(" ", "") for v in value)
            yield code(f"{name} = arrays {shapes}")
        else:
            text = repr(value.item() if isinstance(value, np.generic) else value)
            short = type(value).__name__ if len(text) >= 60 or callable(value) else text
            yield code(f"{name} = {short}")


def _describe(exercise, case):
    return ", ".join(_described(exercise, case, limit=8)) or "nothing"


def _shapes(exercise, case):
    return _listed(_described(exercise, case, limit=0))


def _input(exercise, case):
    return f" The input was {_describe(exercise, case)}." if case else ""


def _kind(value):
    """A value's type in words."""
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype.name} of shape {value.shape}"
    kind = type(value.item() if isinstance(value, np.generic) else value)
    if kind in (list, tuple):
        return f"a {kind.__name__} of {len(value)} value{'s' * (len(value) != 1)}"
    words = {dict: "a dictionary", str: "a text in quotes"}
    words |= {int: "a number", float: "a number", bool: "True or False", complex: "complex"}
    if kind in words:
        return words[kind]
    if callable(value):
        return "a function"
    return f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {html.escape(kind.__name__)}"


def _wrong_type(exercise, case, label, right, mine):
    wanted = "A number" if np.ndim(right) == 0 else "A NumPy array of numbers"
    facts = [f"{wanted} is asked for{' as ' + label if label else ''}; yours is {_kind(mine)}."]
    if isinstance(mine, tuple) and case:
        good = [i for i, value in enumerate(mine, 1) if _right(exercise, value, right)]
        facts += [f"Value {i} is right." for i in good]
    elif isinstance(mine, list) and np.ndim(right):
        with contextlib.suppress(ValueError):  # rows of different lengths
            shapes = _shape_words(np.shape(mine)), _shape_words(np.shape(right))
            made = "<code>np.array(...)</code> makes an array of it of"
            facts += [f"{made} {'; expected: '.join(shapes)}."]
    return facts


def _shape_words(shape):
    return "a single number" if shape == () else f"shape {code(shape)}"


# -- comparing values -------------------------------------------------------------------------


def _compare_values(exercise, runs):
    """The _Finding about what was returned: runs are (case, expected, yours)."""
    pairs, logical = [], False
    for k, (case, expected, yours) in enumerate(runs):
        several = isinstance(expected, (tuple, list))
        rows = list(yours) if isinstance(yours, np.ndarray) and yours.ndim else []
        if several and list(map(np.shape, rows)) == list(map(np.shape, expected)):
            yours = rows
            runs[k] = case, expected, yours
        if several and not (isinstance(yours, (tuple, list)) and len(yours) == len(expected)):
            return _wrong_number(exercise, case, expected, yours)
        each = zip(expected, yours, strict=True) if several else [(expected, yours)]
        for i, (right, mine) in enumerate(each):
            named = code(exercise.outputs[i]) if i < len(exercise.outputs) else f"value {i + 1}"
            label = named if several else ""
            if not numeric(mine):
                return _Finding("type", _wrong_type(exercise, case, label, right, mine))
            logical = logical or (_logical(mine) and not _logical(right))
            pairs.append(Pair(case, label, _numbers(right), _numbers(mine)))
    tests = ((test, pair) for test in (_shape_problem, _nan_problem) for pair in pairs)
    finding = next(filter(None, (test(exercise, pair) for test, pair in tests)), None)
    finding = finding or _value_problem(exercise, pairs)
    if finding is None:
        n = len(runs)
        tested = f"Your function agrees on all {n} inputs" if n > 1 else "Your answer agrees"
        return _Finding("passed", [f"{tested}. Well done."])
    if logical and not (finding.stage == "shape" and _plain(exercise, pairs)):
        finding.facts.append(
            "You give True or False where numbers are asked for; they count as 1 and 0."
        )
        finding.sign = ""
    finding.known = known_mistakes(exercise, runs)
    if finding.stage == "shape":
        finding.general = swapped(pairs, exercise.tolerance)
    elif finding.stage == "value" and not (_plain(exercise, pairs) and _whole(pairs)):
        finding.general = general_mistakes(exercise, pairs)  # half of a count says nothing
    return finding


def _wrong_number(exercise, case, expected, yours):
    values = yours if isinstance(yours, (tuple, list)) else [yours]
    wanted = f" with {_describe(exercise, case)}" if case else ""
    if len(exercise.outputs) == len(expected):
        wanted = f" ({', '.join(code(n) for n in exercise.outputs)})"
    fact = f"{len(expected)} values are asked for{wanted}; yours is {_kind(yours)}."
    named = zip(exercise.outputs, expected, strict=False) if case else ()
    right = [code(n) for n, v in named if any(_right(exercise, mine, v) for mine in values)]
    there = [f"{_listed(right)} {'are' if right[1:] else 'is'} there and right."] if right else []
    return _Finding("type", [fact, *there])


def _right(exercise, mine, right):
    return numeric(mine) and all_right(mine, right, exercise.tolerance)


def _logical(value):
    return np.asarray(value).dtype.kind == "b"


def _numbers(value):
    """The value as an array, 1 and 0 for True and False, which NumPy cannot subtract."""
    return np.asarray(value).astype(int) if _logical(value) else np.asarray(value)


def _shape_problem(exercise, pair):
    case, label, right, mine = pair
    if right.shape == mine.shape:
        return None
    yours, has = f"{label}: yours" if label else "Yours", "has" if mine.ndim else "is"
    fact = f"{yours} {has} {_shape_words(mine.shape)}; expected: {_shape_words(right.shape)}."
    facts, tolerance = [fact + _input(exercise, case)], exercise.tolerance
    if mine.ndim == 2 and mine.T.shape == right.shape and all_right(mine.T, right, tolerance):
        facts.append("The values are right, but rows and columns are swapped: <code>.T</code>.")
    elif mine.ndim == 2 and mine.T.shape == right.shape:
        facts.append("Rows and columns seem to be swapped.")
    elif mine.size == right.size and all_right(mine.reshape(right.shape), right, tolerance):
        facts.append("The values are right, only their arrangement is not.")
    elif mine.ndim == 0 and right.ndim:
        facts.append("Something adds up or averages over everything; is an <code>axis</code> due?")
    elif right.dtype.kind in "iu" and right.ndim == 0 and right in mine.shape:
        facts.append("These may be the right things, but asked is how many they are.")
    elif right.ndim and mine.ndim == right.ndim + 1 and mine.shape[0] == mine.shape[1]:
        facts.append("A column and a row were combined into a square: look at their shapes.")
    return _Finding("shape", facts)


def _nan_problem(exercise, pair):
    case, label, right, mine = pair
    bad = ~np.isfinite(mine) & np.isfinite(right)
    if not bad.any():
        return None
    word = "NaN (not a number)" if np.isnan(mine[bad]).any() else "infinite"
    what = "It is" if mine.ndim == 0 else f"{bad.sum()} of {mine.size} values are"
    fact = f"{label + ': ' if label else ''}{what} {word}.{_input(exercise, case)}"
    cause = "Look for a division by 0, the logarithm of 0, or an exponential that is too large."
    return _Finding("nan", [fact, cause])


def _value_problem(exercise, pairs):
    masks = [right_values(p.mine, p.right, exercise.tolerance) for p in pairs]
    wrong, total = sum((~m).sum() for m in masks), sum(m.size for m in masks)
    if not wrong:
        return None
    single = all(p.right.ndim == 0 for p in pairs)
    if total == 1:
        fact = "A single number is asked for, and yours is one, but not the right one yet."
    elif single and any(p.label for p in pairs):
        fact = f"{wrong} of {total} numbers are not right yet."
    elif single:
        fact = f"Yours is a single number, as it should be; it is wrong for {wrong} of {total}"
        fact += " inputs."
    else:
        fact = f"The shape is right; {wrong} of {total} values are not."
    labels = [p.label for p, m in zip(pairs, masks, strict=True) if p.label and not m.all()]
    if labels:
        fact += f" Look at {' and '.join(dict.fromkeys(labels))}."
    flips = sum((np.sign(p.mine) * np.sign(p.right) < 0).sum() for p in pairs)
    if _plain(exercise, pairs):
        sign = "It has the wrong sign." if flips and not _whole(pairs) else ""
        return _Finding("value", [fact], sign, _direction(pairs))
    if flips:
        few = "One value has" if flips == 1 else f"{flips} values have"
        sign = f"{few} the wrong sign (of {total} in all)."
    else:
        sign = "" if _whole(pairs) else "No value has the wrong sign; it is the size that is wrong."
    return _Finding("value", [fact], sign, _example(exercise, pairs, masks))


def _plain(exercise, pairs):
    """True if one number is asked for, and no function."""
    return not exercise.cases and len(pairs) == 1 and pairs[0].right.ndim == 0


def _whole(pairs):
    """True if whole numbers are asked for, counts for example."""
    return all(p.right.dtype.kind in "iu" for p in pairs)


def _direction(pairs):
    """Whether a plain number is too large or too small; it does not give the answer away."""
    _, _, right, mine = pairs[0]
    size = ("small", "large")
    if _whole(pairs):
        size = ("few: there are more", "many: there are fewer")
    return f"{code(f'{mine:.6g}')} is too {size[int(mine >= right)]}."


def _example(exercise, pairs, masks):
    """One wrong value, from the smallest input that shows it."""
    bad = [i for i, m in enumerate(masks) if not m.all()]
    i = min(bad, key=lambda i: (pairs[i].right.size, i))
    case, label, right, mine = pairs[i]
    index = tuple(int(k) for k in np.argwhere(~masks[i])[0])
    where = f"element {code(list(index))}" if index else "the value"
    if label:
        where += f" of {label}"
    told = f"{where} is {code(f'{mine[index]:.6g}')}; expected: {code(f'{right[index]:.6g}')}"
    return f"For example{' with ' + _describe(exercise, case) if case else ''}: {told}."
