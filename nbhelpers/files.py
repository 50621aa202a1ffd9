"""A file is written as a whole, or it stays as it was."""

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
