"""Copies of the notebooks for students: exercises stay, solutions go."""

import re
from pathlib import Path
from urllib.parse import unquote

from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import (
    folder,
    notebook_text,
    numbered,
    read_notebook,
    two_digits,
)

_FOLDED = re.compile(r"\n*<details\b[^>]*>.*?</details\s*>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(
    r"""
    ```.*?``` | `[^`\n]*`                                                    # code
    | (?P<mark>!?) \[ (?P<words> (?: !\[[^\[\]\n]*\]\([^()\n]*\) | [^\[\]\n] )* ) \]
      \( \s* (?: <(?P<angled>[^<>\n]*)> | (?P<bare>(?: [^()<>\s] | \([^()\s]*\) )+) )
      (?: \s+ (?: "[^"]*" | '[^']*' ) )? \s* \)                              # with a title
    | <img\s (?:[^>]*\s)? src \s* = \s* (?P<quote>["']?) (?P<src>[^"'>\s][^"'>]*?) (?P=quote)
      (?: \s[^>]* | /? ) >
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def student(out, which=(), outputs=False, overwrite=False, notebooks=None):
    """Write copies of the notebooks for students: exercises stay, solutions go.

    What goes: the cells tagged `solution`; every other folded answer ("What happens", "Answers",
    ...); the links to Colab and Binder, where the originals are; and what the cells have put out,
    the answers to the questions among it. Hints, checks, cell ids and tags stay. A relative link
    to what isn't in `out` keeps its words alone; pictures are copied.

    Parameters
    ----------
    out : path
        A folder, made if need be. It may not be the one with the originals.
    which : sequence of str or int
        Lessons; default: all. A copy recalls earlier programs from the checkout or from `out`.
    outputs : bool
        Keep what the cells have put out.
    overwrite : bool
        Write into a folder that isn't empty. Files of other names are left alone.

    Returns
    -------
    list of Path
        The written notebooks.

    Raises
    ------
    ValueError
        If there is no such notebook, `out` is the folder with the originals or has links to them,
        or a folded answer can't be taken out of a notebook whole.
    FileExistsError
        If `out` isn't empty and `overwrite` is False.
    """
    place, out = Path(notebooks) if notebooks is not None else folder(), Path(out)
    found = numbered(place)
    if which:
        numbers = {two_digits(lesson) for lesson in which}
        missing = numbers - {path.name[:2] for path in found}
        if missing:
            raise ValueError(f"no notebook {', '.join(sorted(missing))} in {place}")
        found = [path for path in found if path.name[:2] in numbers]
    if not found:
        raise ValueError(f"no notebooks in {place}")
    there = [out / path.name for path in found if (out / path.name).exists()]
    if any(copy.samefile(original) for copy in there for original in numbered(place)):
        raise ValueError(f"{out} has the originals, or links to them: give another folder")
    if out.exists() and any(out.iterdir()) and not overwrite:
        raise FileExistsError(f"{out} is not empty; --overwrite writes into it all the same")
    new, pictures = {}, set()
    for path in found:
        contents = read_notebook(path)
        _unsolve(contents, outputs, {p.name for p in found}, place, pictures)
        if any(c["cell_type"] != "code" and _left(c) for c in contents["cells"]):
            raise ValueError(
                f"{path.name}: an answer would stay in the copy; a folded one is <details>…"
                "</details> within one cell of text, with no other inside"
            )
        new[path.name] = notebook_text(contents).encode()
    new |= {name: (place / name).read_bytes() for name in sorted(pictures)}
    for name, data in new.items():  # all texts are there before the first file is written
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        with replacing(out / name) as file:
            file.write(data)
    return [out / path.name for path in found]


def _left(cell):
    """Whether a cell of text still has (a part of) a folded answer."""
    return re.search(r"</?details\b", "".join(cell["source"]), re.IGNORECASE)


def _unsolve(contents, outputs, copied, place, pictures):
    """Turn a notebook's contents into a student's; add to `pictures` what it shows."""

    def relink(found):
        address = found["angled"] or found["bare"] or found["src"]
        if not address:  # code
            return found[0]
        name, words = unquote(address.partition("#")[0]), found["words"]
        shown = words is None or found["mark"]
        inside = ".." not in Path(name).parts and not Path(name).is_absolute()
        kept = not name or re.match(r"[a-z]+:", address) or name in copied
        if not kept and shown and inside and (place / name).is_file():
            pictures.add(name)
            kept = True
        if not words:
            return found[0] if kept or words is None else ""
        relinked = _LINK.sub(relink, words)  # a picture may be what a link shows
        return found[0].replace(words, relinked, 1) if kept else relinked

    kept = []
    for cell in contents["cells"]:
        if {"solution", "links"} & set(cell["metadata"].get("tags", ())):
            continue
        if cell["cell_type"] == "markdown":
            text = _FOLDED.sub("", "".join(cell["source"]))
            if not text.strip():
                continue
            cell["source"] = _LINK.sub(relink, text).splitlines(keepends=True)
        elif cell["cell_type"] == "code" and not outputs:
            cell["outputs"], cell["execution_count"] = [], None
        kept.append(cell)
    contents["cells"] = kept
