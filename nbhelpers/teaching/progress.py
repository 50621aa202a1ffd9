"""What a reader has predicted and solved, kept in their own folder from one day to the next.

`progress.json` is a file that a person can read: each prediction as the text of its option, each
exercise with the day on which an answer passed. Every notebook writes what it adds to what the
others have written. Nothing leaves the machine.
"""

import datetime

from nbhelpers import files
from nbhelpers.teaching import my_network

NAME = "progress.json"
VERSION = 1
PARTS = ("predicted", "passed")


def predicted(name):
    """The text of the option last chosen for the question "lesson.name", or None."""
    return _read()["predicted"].get(name)


def passed():
    """The exercises that have passed: {"lesson.name": day}."""
    return _read()["passed"]


def keep_prediction(name, option):
    """Keep the text of the option chosen for a question."""
    _add("predicted", name, option)


def keep_passed(name):
    """Keep that an exercise has passed today, unless it has before."""
    if name not in passed():
        _add("passed", name, datetime.date.today().isoformat())


def _path():
    """The file, or None where nothing is to be kept (see `my_network.SWITCH`)."""
    places = my_network.places()
    return places[-1].with_name(NAME) if places else None


def _read():
    path = _path()
    kept = files.read_kept(path, _good) if path else {}
    return {"version": VERSION} | {part: kept.get(part, {}) for part in PARTS}


def _good(kept):
    texts = [text for part in PARTS for item in kept.get(part, {}).items() for text in item]
    return kept["version"] == VERSION and all(isinstance(text, str) for text in texts)


def _add(part, name, text):
    path = _path()
    if path:
        kept = _read()
        kept[part][name] = text
        files.keep(path, kept)
