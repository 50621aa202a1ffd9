"""The reader's own file, `my_network.py`: one section a notebook, one block an answer.

A block stands between two marks; the first one has a short hash of what was written last, so that
what the reader has changed is known and stays. All else in the file is the reader's, and is kept.
"""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from nbhelpers.files import cache_folder, replacing
from nbhelpers.teaching import bank
from nbhelpers.teaching.notebook_files import folder, numbered

NAME = "my_network.py"
SWITCH = "NBHELPERS_MY_NETWORK"  # a variable of the environment: "off" means no such file
HEADER = '''\
"""What you have written in this series. It is yours: change it, import it.

What stands between two marks is written anew when your answer in the notebook is another one,
unless you have changed it here: then it stays as it is.
"""

import numpy as np
'''
_START = re.compile(r"# >>> (\w+)(?:\.(\w+))?: (\w+) \[([0-9a-f]{8})\]\s*")
_END = re.compile(r"# <<<\s*")
_HEADING = re.compile(r"# =====(?: notebook \d\d:)? (\w+) =====\s*")


class Damaged(ValueError):
    """The file can't be read as what it should be; the message says why."""


@dataclass
class Block:
    """What defines `name`: the answer to "lesson.short", or what such answers need (short: "")."""

    lesson: str
    short: str
    name: str
    written: str = ""  # hash of what was written last
    lines: list = field(default_factory=list)

    @property
    def key(self):
        return self.lesson, self.short, "" if self.short else self.name

    @property
    def hash(self):
        """Of what is in it now; spaces at the ends of lines don't count."""
        text = "\n".join(line.rstrip() for line in self.lines).strip("\n")
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    def text(self):
        whose = f"{self.lesson}.{self.short}" if self.short else self.lesson
        start = f"# >>> {whose}: {self.name} [{self.written or self.hash}]"
        return "\n".join([start, *self.lines, "# <<<"])


# -- on disk ----------------------------------------------------------------------------------


def places():
    """Where the file may be: in the current folder, or else in the reader's own one."""
    if os.environ.get(SWITCH) == "off":
        return []
    return [Path(NAME), cache_folder() / NAME]


def read(path):
    """The file's text with "\\n" as line ends; "" if there is none. Raises `Damaged`, OSError."""
    try:
        return path.read_bytes().decode().replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise Damaged(f"{NAME} isn't a text in UTF-8") from None


def texts():
    """A list of (path, text) of the files that there are, one as a rule.

    Raises `Damaged`, or OSError if there is one that can't be read and no other.
    """
    found, problem = [], None
    for path in places():
        try:
            found.append((path, read(path)))
        except OSError as error:
            problem = error
    found = [(path, text) for path, text in found if text]
    if problem and not found:
        raise problem
    return found


def keep(blocks):
    """Write blocks into the file, beside what is in it by now: the last one is an answer.

    Returns the path and the names of those that the reader has changed there, which stay.

    Raises
    ------
    Damaged
        If the file is not what it should be; it is left alone.
    OSError
        If it can be written nowhere.
    """
    problem = OSError("it is switched off")
    for path in places():
        text = None
        try:
            while True:
                text = read(path)
                new, own = merged(text or HEADER, blocks)
                if new == text or _written(path, text, new):
                    return path, own
        except OSError as error:
            if text:  # no second file where there is one
                raise
            problem = error
    raise problem


def _written(path, text, new):
    """Put the new text in place of the text; False if another notebook has been there meanwhile."""
    if path.is_absolute():  # the reader's own folder
        path.parent.mkdir(parents=True, exist_ok=True)
    returns = text and b"\r\n" in path.read_bytes()
    try:
        with replacing(path) as file:
            file.write((new.replace("\n", "\r\n") if returns else new).encode())
            if read(path) != text:
                raise BlockingIOError
    except BlockingIOError:
        return False
    return True


def find(name):
    """Where the answer to "lesson.name" is: path, the text up to its section's end, its name there.

    A later section may define the same name once more. None if the answer is nowhere. Raises
    `Damaged`, OSError.
    """
    lesson = name.partition(".")[0]
    for path, text in texts():
        items = parsed(text)
        section = [x for x in items if isinstance(x, Block) and x.lesson == lesson]
        for block in section:
            if f"{lesson}.{block.short}" == name:
                return path, _text(items[: items.index(section[-1]) + 1]), block.name
    return None


# -- the text ---------------------------------------------------------------------------------


def parsed(text):
    """The lines of the text, and a `Block` in place of those that are one. Raises `Damaged`."""
    items, block, keys = [], None, set()
    for number, line in enumerate(text.split("\n"), 1):
        start = _START.fullmatch(line)
        if block is None and start:
            lesson, short, name, written = start.groups()
            block = Block(lesson, short or "", name, written)
            if block.key in keys:
                raise Damaged(f"line {number} of {NAME} begins a block that it has already")
            keys.add(block.key)
        elif block is not None and _END.fullmatch(line):
            items.append(block)
            block = None
        elif line.startswith(("# >>>", "# <<<")):
            raise Damaged(f"line {number} of {NAME} is a mark in the wrong place")
        else:
            (items if block is None else block.lines).append(line)
    if block is not None:
        raise Damaged(f"the last block of {NAME} has no end")
    return items


def _text(items):
    return "\n".join(item.text() if isinstance(item, Block) else item for item in items)


def merged(text, blocks):
    """The text with these blocks in it, and the names of those in it that the reader has changed.

    A block that an answer needs gives way to an answer of that name, and an import to the same
    line anywhere outside the blocks. Raises `Damaged`.
    """
    items, own = parsed(text), []
    for i, block in enumerate(blocks):
        there = [x for x in items if isinstance(x, Block)]
        same = next((x for x in there if x.key == block.key), None)
        section = [x for x in there if x.lesson == block.lesson and x.name == block.name]
        given = any(x.short for x in section) or "\n".join(block.lines) in items
        if same is None and not block.short and given:
            continue
        for x in section:  # what was needed is an answer now
            if block.short and not x.short and x.hash == x.written:
                _remove(items, x)
        if same is None:
            later = {x.key for x in blocks[i + 1 :]}
            _insert(items, block, [x for x in there if x.key in later and not x.short])
        elif same.hash in (same.written, block.hash):
            items[items.index(same)] = block
        else:
            own.append(block.name)
    return _text(items), own


def _remove(items, block):
    at = items.index(block)
    del items[at - 2 if items[max(at - 2, 0) : at] == ["", ""] else at : at + 1]


def _insert(items, block, users):
    """Put a block where it belongs: before those that need it, under its notebook's heading."""
    if users:
        at = items.index(users[0])
        items[at:at] = [block, "", ""]
        return
    lessons = _numbers()
    heading = f"# ===== notebook {lessons[block.lesson]}: {block.lesson} ====="
    heading = heading.replace(" notebook :", "")
    if not any(_rank(item, lessons) == _rank(heading, lessons) for item in items):
        _place(items, heading, lessons)
    _place(items, block, lessons)


def _place(items, new, lessons):
    ranks = [_rank(item, lessons) for item in items]
    before = [i for i, rank in enumerate(ranks) if rank and rank <= _rank(new, lessons)]
    after = [i for i, rank in enumerate(ranks) if rank]
    if before or not after:
        written = [i for i, item in enumerate(items) if item != ""]
        at = (before or written)[-1] + 1
        items[at:at] = ["", "", new]
    else:
        items[after[0] : after[0]] = [new, "", ""]


def _rank(item, lessons):
    """Order of headings and blocks: by notebook, what is needed first, then as in the bank."""
    if isinstance(item, Block):
        lesson, short = item.lesson, item.short
    else:
        found = _HEADING.fullmatch(item)
        if not found:
            return None
        lesson, short = found[1], None
    if lesson not in lessons:  # of another version of the series: at the end
        return len(lessons), lesson, 0
    known = list(bank.exercises(lesson))
    within = {None: -1, "": 0} | {name: i for i, name in enumerate(known, 1)}
    return list(lessons).index(lesson), lesson, within.get(short, len(known) + 1)


def _numbers():
    """Lesson -> number of its notebook ("" where no notebook is found), in their order."""
    try:
        found = {path.stem[3:]: path.name[:2] for path in numbered(folder())}
    except ValueError:
        found = {}
    return {x: found.get(x, "") for x in sorted(bank.lessons(), key=lambda x: found.get(x, "99"))}
