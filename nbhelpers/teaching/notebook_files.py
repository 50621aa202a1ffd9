"""Which notebooks there are, and what is in them."""

import json
import re
from itertools import groupby
from pathlib import Path

from nbhelpers.teaching import bank

NUMBERED = re.compile(r"[0-9]{2}_\w+\.ipynb")  # not JupyterLab's "01_xor_loop-Copy1.ipynb"


def folder():
    """The folder with the notebooks: of the checkout, or else below the current folder."""
    places = [Path(__file__).resolve().parents[2] / "notebooks", Path("notebooks"), Path()]
    for place in places:
        if numbered(place):
            return place
    raise ValueError(f"no notebooks found; looked in {', '.join(str(p) for p in places)}")


def numbered(folder):
    """Paths of the series' notebooks in a folder, such as 01_xor_loop.ipynb, in order.

    Copies and other files beside them are left out. Of several notebooks with one number, the one
    of the series is that which has a lesson's name in the bank; where none has, it is the one with
    whose name all of them begin. Where that says nothing either, all of them are listed.
    """
    found = sorted(p for p in Path(folder).glob("*.ipynb") if NUMBERED.fullmatch(p.name))
    return [path for _, same in groupby(found, lambda path: path.name[:2]) for path in _own(*same)]


def _own(*paths):
    if len(paths) == 1:
        return paths
    known = [path for path in paths if path.stem[3:] in bank.lessons()]
    shortest = min(paths, key=lambda path: len(path.stem))
    copies = all(path.stem.startswith(shortest.stem) for path in paths)
    return known or ([shortest] if copies else paths)


def two_digits(lesson):
    """The number of a lesson: "01" for "01", 1 and "01_xor_loop". Raises ValueError if none."""
    match = re.match(r"(\d{1,2})(_|$)", str(lesson))
    if isinstance(lesson, bool) or not match:
        raise ValueError(f"a lesson is a number such as '01', got {lesson!r}")
    return match[1].zfill(2)


def notebook_text(contents):
    """A notebook's contents as JSON, in the form in which nbformat stores them."""
    return json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_notebook(path):
    """The contents of a notebook, as `parsed` has them; OSError if there is no such file."""
    return parsed(Path(path).read_bytes(), path)


def parsed(text, name):
    """A notebook's contents: its "cells" are dicts with cell_type, metadata, source; code: outputs.

    `text` (str or bytes) is JSON as nbformat 4 has it, perhaps with a byte order mark. ValueError
    if it is something else: "01_xor_loop.ipynb: not a notebook: cell 3 has no metadata".
    """
    try:
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
        contents = json.loads(text)
    except (ValueError, RecursionError) as error:
        conflict = isinstance(text, str) and re.search(r"^<{7} ", text, re.MULTILINE)
        why = f"two versions of it stand side by side (git's <<<<<<<): {error}"
        raise ValueError(f"{name}: not a notebook: {why if conflict else error}") from None
    fault = _fault(contents)
    if fault:
        raise ValueError(f"{name}: not a notebook: {fault}")
    return contents


def _fault(contents):
    """What is wrong with a notebook's contents, in words; "" if nothing is."""
    if not isinstance(contents, dict):
        return f"its JSON is of type {type(contents).__name__}, expected a dict"
    if not isinstance(contents.get("cells"), list):
        return "it has no list of cells"
    for i, cell in enumerate(contents["cells"], 1):
        if not isinstance(cell, dict):
            return f"cell {i} is of type {type(cell).__name__}, expected a dict"
        wanted = {"cell_type": str, "metadata": dict, "source": (str, list)}
        if cell.get("cell_type") == "code":
            wanted["outputs"] = list
        for key, kind in wanted.items():
            if not isinstance(cell.get(key), kind):
                return f"cell {i} has no {key}" if key not in cell else f"cell {i}: odd {key}"
    return ""
