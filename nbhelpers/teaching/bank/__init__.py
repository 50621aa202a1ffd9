"""The exercises and questions of every lesson, looked up as "lesson.name".

A lesson is a module in this folder with two dictionaries, `EXERCISES` (name -> `Exercise`)
and `QUESTIONS` (name -> `Question`). It is imported when it is first asked for.
`start_here.py` is the smallest example.
"""

import difflib
import importlib
import pkgutil


def lessons():
    """Names of the lessons that have a bank, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def exercises(lesson):
    """Dictionary name -> Exercise of one lesson. Raises ValueError for an unknown lesson."""
    return _module(lesson).EXERCISES


def questions(lesson):
    """Dictionary name -> Question of one lesson. Raises ValueError for an unknown lesson."""
    return _module(lesson).QUESTIONS


def exercise(name):
    """The Exercise called "lesson.name". Raises ValueError that lists the names that exist."""
    return _find("exercise", name, exercises)


def question(name):
    """The Question called "lesson.name". Raises ValueError that lists the names that exist."""
    return _find("question", name, questions)


def _module(lesson):
    if lesson not in lessons():
        raise ValueError(f"no lesson {lesson!r}; {_existing(lesson, lessons())}")
    return importlib.import_module(f"{__name__}.{lesson}")


def _find(kind, name, entries):
    lesson, dot, short = name.partition(".") if isinstance(name, str) else ("", "", "")
    if not (lesson and dot and short):
        known = ", ".join(lessons())
        raise ValueError(f"no {kind} {name!r}; expected 'lesson.name', lessons: {known}")
    known = entries(lesson)
    if short not in known:
        raise ValueError(f"no {kind} {name!r}; {_existing(short, sorted(known), lesson + '.')}")
    return known[short]


def _existing(name, known, prefix=""):
    near = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {prefix + near[0]!r}? " if near else ""
    return f"{guess}existing names: " + (", ".join(prefix + k for k in known) or "none")
