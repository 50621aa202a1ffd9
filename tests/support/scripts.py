"""Programs of *Show code*, run as a reader runs them: alone, in an empty folder."""

import os
import subprocess
import sys


def output_of(script, folder, *options, **environment):
    """What a script prints; `options` are Python's. It must end well and say nothing else."""
    (folder / "script.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-X", "utf8", *options, "script.py"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env=os.environ | environment,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout
