"""What the bank is written with: exercises and their typical mistakes, questions and answers.

They are data: `checks` compares answers with an `Exercise`, `questions` asks a `Question`.
"""

import functools
import inspect
import linecache
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LETTERS = "ABCDEFGH"


def but(reference, *changes):
    """The reference with one thing changed, or a few, as somebody would write it by mistake.

    `but(f, "- lr -> + lr")` is the function whose source has "+ lr" where that of f has "- lr".
    Its own source is in `linecache`, as that of a notebook's cell is.

    Raises
    ------
    ValueError
        If a change isn't "old -> new", or its old text isn't there exactly once.
    OSError
        If the source of the reference isn't there: a package of .pyc files alone.
    """
    source = _source(reference)
    for change in changes:
        old, arrow, new = change.partition(" -> ")
        if not arrow or source.count(old) != 1:
            found = f"is there {source.count(old)} times" if arrow else "is not 'old -> new'"
            raise ValueError(f"{change!r}: {old!r} {found}:\n{source}")
        source = source.replace(old, new)
    file, made = f"<{reference.__module__}.{reference.__name__} but {changes}>", {}
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    exec(compile(source, file, "exec", dont_inherit=True), reference.__globals__, made)
    return made[reference.__name__]


@functools.cache
def _source(function):
    source = inspect.getsource(function)
    if not source.startswith("def "):
        raise ValueError(f"`but` changes a function that a module defines by def, got {source!r}")
    return source


@dataclass(frozen=True, eq=False)
class Exercise:
    """What an answer is compared with.

    Parameters
    ----------
    reference : function or value
        The right function, or the right value: a number, an array, a tuple of arrays, a string.
    cases : sequence of tuples
        For a function: the arguments of each call, one of them a degenerate shape. They are copied
        before each call.
    mistakes : mapping
        What somebody may write by mistake -> that mistake in words. It is a function or a value;
        or a change of the reference, "old -> new" (or a tuple of changes), see `but`.
    remarks : mapping
        Position of a case -> what is said of an answer that is right in the cases before it, and
        not in this one, where nothing else is recognised.
    hints : sequence of str
        Shown one more at each try, after what the answer shows by itself. Each is true of every
        answer, so it doesn't say what the answer lacks. Simple HTML (`<code>`, `<sub>`) is fine.
    tolerance : float
        Accepted difference, relative to the largest value of an output.
    outputs : sequence of str
        Names of the outputs where there are several: `("dW", "db")`.
    changes : sequence of int
        Positions of the arguments that the function is meant to change in place. They are then
        compared instead of what it returns.
    """

    reference: Any
    cases: Sequence[tuple] = ()
    mistakes: Mapping[Any, str] = field(default_factory=dict)
    remarks: Mapping[int, str] = field(default_factory=dict)
    hints: Sequence[str] = ()
    tolerance: float = 1e-6
    outputs: Sequence[str] = ()
    changes: Sequence[int] = ()

    def __post_init__(self):
        if isinstance(self.hints, str):
            raise ValueError(f"hints is a tuple of texts, got one text: {self.hints!r}")
        if callable(self.reference) != bool(self.cases):
            raise ValueError("an exercise needs cases if its reference is a function, else none")
        for case in self.cases:
            if not isinstance(case, tuple):
                raise ValueError(f"a case is a tuple of arguments, got {type(case).__name__}")
        mistakes = self.mistakes.items()
        made = {self._written(wrong): words for wrong, words in mistakes}
        object.__setattr__(self, "mistakes", made)

    def _written(self, wrong):
        changes = (wrong,) if isinstance(wrong, str) else wrong
        change = callable(self.reference) and isinstance(changes, tuple)
        return but(self.reference, *changes) if change else wrong


@dataclass(frozen=True)
class Question:
    """A question with lettered options.

    Parameters
    ----------
    text : str
        The question. It, the options and the explanations may contain simple HTML.
    options : mapping
        Two to eight options -> what is said to somebody who chose it; of the right one, why.
    answer : int or str
        The right option: its position from 0, or its letter.
    """

    text: str
    options: Mapping[str, str]
    answer: int | str

    def __post_init__(self):
        if not isinstance(self.options, Mapping) or not 2 <= len(self.options) <= len(LETTERS):
            raise ValueError(f"a question has 2 to {len(LETTERS)} options, got {self.options!r}")
        object.__setattr__(self, "answer", self.index(self.answer))

    def index(self, option):
        """Position of an option given as position or letter. Raises ValueError if none."""
        letters = LETTERS[: len(self.options)]
        if isinstance(option, str) and len(option) == 1 and option.upper() in letters:
            return letters.index(option.upper())
        whole = isinstance(option, numbers.Integral) and not isinstance(option, bool)
        if whole and 0 <= option < len(letters):
            return int(option)
        names = ", ".join(letters)
        raise ValueError(
            f"no option {option!r}; choose one of {names} (or 0 to {len(letters) - 1})"
        )

    def lettered(self, index):
        """An option with its letter in front."""
        return f"<b>{LETTERS[index]}.</b> {list(self.options)[index]}"

    def said(self, index):
        """What is said about an option."""
        return list(self.options.values())[index]
