"""Your own folder, and files that are written whole or not at all."""

import contextlib
import errno
import json
import os
import secrets
import stat
import sys
import tempfile
from pathlib import Path

DRIVE, OWN = "/drive", "my_files"  # JupyterLite's folder, which the browser keeps, and one in it


def cache_folder():
    """Your own folder: nbhelpers/ in your system's folder for caches (it may not exist yet).

    Where there is no home (an account that no list of users has), it is among the temporary files.
    In a browser (JupyterLite) it is beside the notebooks, since only they outlast the page.
    """
    if sys.platform == "emscripten" and os.path.isdir(DRIVE):
        return Path(DRIVE) / OWN
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


@contextlib.contextmanager
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


@contextlib.contextmanager
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


def read_kept(path, good):
    """The dict in a JSON file of yours; {} if there is none.

    One that can't be read as such, or of which `good(dict)` isn't true, is put aside, as
    `NAME.json.damaged`: what is kept then begins anew.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if good(kept):
            return kept
    except OSError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        pass  # something else than what is written here
    with contextlib.suppress(OSError):
        os.replace(path, f"{path}.damaged")
    return {}


def keep(path, kept):
    """Write a dict as a JSON file that a person can read. False where it can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(json.dumps(kept, indent=1, ensure_ascii=False).encode())
    except OSError:
        return False
    return True
