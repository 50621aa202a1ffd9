"""Which notebooks there are and what is in them, your own folder, files written whole or not."""

import errno
import json
import os
import re
import secrets
import stat
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

NUMBERED = re.compile(r"[0-9]{2}_\w+\.ipynb")  # not JupyterLab's "01_xor_loop-Copy1.ipynb"


def cache_folder():
    """Your own folder: nbhelpers/ in your system's folder for caches (it may not exist yet).

    Where there is no home (an account that no list of users has), it is among the temporary files.
    """
    try:
        home = Path.home()
    except RuntimeError:
        home = Path(tempfile.gettempdir())
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(base) / "nbhelpers"


@contextmanager
def replacing(path):
    """Open a new file for bytes that takes the place of `path` at the end of the `with` block.

    If the block is left by an exception, an interrupt too, nothing has changed. The new file has
    the permissions of the old one. If `path` is a link, the file that it leads to is replaced.

    Raises
    ------
    OSError
        If its folder doesn't exist or can't be written to; it names `path`.
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.stem[:50]}.{secrets.token_hex(8)}.part")
    with telling(path):
        mode = stat.S_IMODE(target.stat().st_mode) if os.path.exists(target) else None
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        handle = os.open(part, flags, 0o666)  # less what the umask takes away
    try:
        with open(handle, "wb") as file:
            if mode is not None and os.name != "nt":  # before anything that is private is in it
                with telling(path):
                    os.chmod(part, mode)
            yield file
        with telling(path):
            os.replace(part, target)
    except BaseException:
        os.unlink(part)
        raise


@contextmanager
def telling(path):
    """Let an OSError within the `with` block name `path` instead of a file that nobody asked for.

    Raises
    ------
    OSError
        Of the same kind; if the folder of `path` doesn't exist, it says so.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:
            raise
        words, folder = error.strerror, Path(path).parent
        if error.errno == errno.ENOENT and not folder.is_dir():
            words = f"there is no folder {str(folder)!r}"
        raise OSError(error.errno, words, str(path)) from None


def numbered(folder):
    """Paths of the numbered notebooks in a folder, such as 01_xor_loop.ipynb, in order."""
    return sorted(p for p in Path(folder).glob("*.ipynb") if NUMBERED.fullmatch(p.name))


def notebook_text(contents):
    """A notebook's contents as JSON, in the form in which nbformat stores them."""
    return json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def read_notebook(path):
    """The contents of a notebook, as `parsed` has them; OSError if there is no such file."""
    return parsed(Path(path).read_bytes(), path)


def parsed(text, name):
    """A notebook's contents.

    Parameters
    ----------
    text : str or bytes
        JSON as nbformat 4 has it; a byte order mark may stand before it.
    name : str or Path
        For the message.

    Returns
    -------
    dict
        Its "cells" are dicts with cell_type, metadata and source; code has outputs, too.

    Raises
    ------
    ValueError
        If it is something else: "01_xor_loop.ipynb: not a notebook: cell 3 has no metadata".
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
