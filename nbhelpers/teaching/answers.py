"""The reader's own answers as the engine: what passes its check is what the next cells run.

`neuron = answers.use("xor_loop.neuron", neuron)` checks an answer and gives it back if it is right,
otherwise ours. Functions that pass are kept in the reader's own file, `my_network.py`, from which
`answers.recall("xor_loop.neuron")` fetches them in a later notebook.
"""

import contextlib
import copy
import io
import sys
import traceback
import warnings

from nbhelpers.boxes import Shown, announce, box, code, plain
from nbhelpers.teaching import bank, checks, my_network, sources
from nbhelpers.teaching.failures import last_line
from nbhelpers.teaching.lessons import PANEL, highlighted
from nbhelpers.teaching.my_network import NAME, Block, Damaged
from nbhelpers.time_limit import TimeLimit, TimeUp

_FILE = code(NAME)
_OURS = "The cells below use ours until yours passes."
_YOURS = "The cells below use yours."


def use(name, answer):
    """Check the answer to "lesson.name" as `checks.check` does; give it back if it passes.

    Otherwise what comes back is ours, a function or value that may be used like it. The box says
    which. A function that passes is kept in `my_network.py`. It raises ValueError only if there is
    no exercise of this name.
    """
    reference = bank.exercise(name).reference
    if callable(answer) and answer is reference:  # from an earlier run: nobody has written it
        answer = ...
    result = checks.judge(name, answer)
    if not result.passed:
        result.lines.append(_OURS)
    elif callable(answer):
        result.lines.append(f"{_YOURS} {_kept(name, answer, sys._getframe(1).f_globals)}".strip())
    else:
        result.lines.append(_YOURS)
    announce(result)
    return answer if result.passed else _ours(reference)


def recall(name):
    """The reader's answer to "lesson.name" from `my_network.py` if it passes, otherwise ours.

    One line says which. It raises ValueError only if there is no exercise of this name.
    """
    reference = bank.exercise(name).reference
    try:
        answer, words = _fetched(name)
    except Damaged as error:
        answer, words = None, f"{code(error)}"
    except OSError as error:
        answer, words = None, f"{_FILE} can't be read: {error.strerror}"
    announce(Recalled(name, answer is not None, words))
    return _ours(reference) if answer is None else answer


def show():
    """Show `my_network.py` as it is now."""
    return OwnFile()


class Recalled(Shown):
    """Whose function a later notebook uses: the reader's (`yours`) or ours, and why."""

    def __init__(self, name, yours, words):
        short = code(name.partition(".")[2])
        whose = f"✓ {short} is yours" if yours else f"○ {short} is ours"
        title = f"{whose}: {words}"
        self.yours, self.text = yours, plain(title)
        self.html = box("passed" if yours else "neutral", title)


class OwnFile(Shown):
    """The reader's file on the page; `source` is its text, "" if there is none."""

    def __init__(self):
        self.source, title = "", f"There is no {_FILE} yet: a function that passes begins it."
        try:
            for path, self.source in my_network.texts()[:1]:
                title = code(path)
        except (Damaged, OSError) as error:
            title = code(error)
        self.text = f"{plain(title)}\n\n{self.source}".strip()
        self.html = box("neutral", title)
        if self.source:
            self.html += f'\n<pre style="{PANEL}">{highlighted(self.source)}</pre>'


def _ours(reference):
    """The reference; a copy of a value, which a cell may change."""
    return reference if callable(reference) else copy.deepcopy(reference)


# -- into the file and out of it --------------------------------------------------------------


def _kept(name, function, namespace):
    """Keep a function that has passed; what is to be said about that."""
    if not my_network.places():
        return ""
    try:
        if getattr(function, "__module__", None) == sources.OWN:
            return f"It comes from {_FILE}."
        blocks, missing = _blocks(name, function, namespace)
        path, own = my_network.keep(blocks)
    except (Damaged, _Alone) as error:
        return f"It is not written to {_FILE}: {code(error)}."
    except OSError as error:
        return f"{_FILE} can't be written: {code(error.strerror or error)}."
    except Exception as error:  # the answer is right, whatever an odd object does when looked at
        return f"It is not written to {_FILE}: {code(last_line(error))}."
    if own:
        names = " and ".join(map(code, own))
        return f"In {_FILE} you have changed {names} yourself: that stays as it is."
    place = code(path) if path.is_absolute() else _FILE
    lacks = f", which lacks {code(', '.join(missing))}" if missing else ""
    return f"It is in {place}{lacks}."


class _Alone(Exception):
    """A function that can't be defined without the notebook; the message says why."""


def _blocks(name, function, namespace):
    """The blocks of the file for an answer, its own the last, and what they lack.

    Raises `_Alone` where the function can't be written down.
    """
    lesson, _, short = name.partition(".")
    known = sources.name_in(namespace, function, short)
    found, missing = sources.collect(known, function, namespace)
    if known not in found:
        raise _Alone("its source isn't known, or isn't all of it")
    _define(found, namespace)
    blocks = [Block(lesson, "", each, lines=text.split("\n")) for each, text in found.items()]
    blocks[-1].short = short
    if missing:
        blocks[-1].lines.insert(0, f"# it also needs, from the notebook: {', '.join(missing)}")
    my_network.parsed("\n".join(block.text() for block in blocks))  # no mark within a function
    return blocks, missing


def _define(found, namespace):
    """Run the statements without the notebook. Raises `_Alone`."""
    own = [v for v in namespace.values() if getattr(v, "__module__", None) == sources.OWN]
    names = {v.__name__: v for v in own if callable(v)}
    try:
        _run("\n\n".join(found.values()), names | {"__name__": sources.OWN})
    except (Exception, SystemExit, TimeUp) as error:
        raise _Alone(last_line(error)) from None


def _run(text, names, path="<my_network>"):
    """Run a text within the time of a check; what it prints isn't shown."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = compile(text.removeprefix("\ufeff"), path, "exec", dont_inherit=True)
        TimeLimit(checks.SECONDS).call(exec, compiled, names)
    return names


def _where(error, path):
    """The last line of a traceback, and the line of the file that it came from."""
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if step.filename == path]
    line = error.lineno if isinstance(error, SyntaxError) else (lines or [None])[-1]
    return code(last_line(error)) + (f" (line {line})" if line else "")


def _fetched(name):
    """The reader's answer in the file, or None, and what is to be said. Raises Damaged, OSError."""
    found = my_network.find(name)
    if found is None:
        return None, f"{_FILE} has no answer of yours yet"
    path, text, known = str(found[0].absolute()), *found[1:]
    try:
        names = _run(text, {"__name__": sources.OWN, "__file__": path}, path)
    except TimeUp:
        return None, f"{_FILE} doesn't come to its end"
    except (Exception, SystemExit) as error:
        return None, f"{_FILE} stops with {_where(error, path)}"
    if not callable(names.get(known)):
        return None, f"{_FILE} doesn't define {code(known)} any more"
    if not checks.passes(name, names[known]):
        return None, f"{code(known)} in {_FILE} doesn't pass its check"
    return names[known], f"it is in {_FILE}"
