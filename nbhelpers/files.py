"""Which notebooks there are, their text, and files that are written as a whole or not at all."""

import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path):
    """Open a new file for bytes that takes the place of `path` at the end of the `with` block.

    If the block is left by an exception, an interrupt too, nothing has changed.

    Raises
    ------
    OSError
        If its folder doesn't exist or can't be written to.
    """
    path = Path(path)
    handle, part = tempfile.mkstemp(prefix=path.stem, suffix=".part", dir=path.parent)
    try:
        with open(handle, "wb") as file:
            yield file
        os.chmod(part, 0o644)  # a temporary file is for its owner alone
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def numbered(folder):
    """Paths of the numbered notebooks in a folder, in order."""
    return sorted(Path(folder).glob("[0-9][0-9]_*.ipynb"))


def notebook_text(contents):
    """A notebook's contents as JSON, in the form in which nbformat stores them."""
    return json.dumps(contents, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
