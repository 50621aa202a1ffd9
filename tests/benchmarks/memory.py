"""How much memory a student needs: the peak of the kernel while each notebook runs, solved.

    python tests/benchmarks/memory.py [01 10 ...]    # default: all notebooks

Every notebook is executed from top to bottom with its exercises solved, in a fresh kernel and an
empty folder, with one thread for matrix products. Printed are, in MB (millions of bytes), the
largest resident memory that the kernel has ever had, as the system keeps it (Linux: VmHWM; other
systems: the largest of the samples), the largest sum over the kernel and the processes that it has
started, looked at twenty times a second, and the seconds. Pages that processes share are counted
once for each of them, so the sum is an upper bound.
"""

import os
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything loads NumPy; the kernels inherit it

import psutil
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from notebook_tools import notebooks, read, solved

BINDER = 2_000  # MB: what mybinder.org allows a session at most
EVERY = 0.05  # seconds from sample to sample


class Watch(threading.Thread):
    """Samples a process and its children until told to stop; `kernel` and `tree` in bytes."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.process, self.kernel, self.tree = psutil.Process(pid), 0, 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(EVERY):
            self.sample()

    def sample(self):
        """Look once; a process that has just ended no longer counts."""
        used = []
        for process in [self.process, *self.process.children(recursive=True)]:
            try:
                used.append(process.memory_info().rss)
            except psutil.NoSuchProcess:
                used.append(0)
        self.kernel, self.tree = max(self.kernel, used[0]), max(self.tree, sum(used))


def highest(pid):
    """The largest resident memory of a process so far in bytes, 0 where the system can't tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def measure(notebook, timeout=600):
    """Run a notebook; return (peak of the kernel, peak of it and its children) in bytes.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If one of its cells does.
    """
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, timeout=timeout, kernel_name="python3", resources=resources
        )
        with client.setup_kernel():
            pid = client.km.provisioner.pid
            watch = Watch(pid)
            watch.start()
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
            watch.over.set()
            watch.join()
            watch.sample()
            return max(watch.kernel, highest(pid)), max(watch.tree, highest(pid))


def main(names):
    """Print a line for each notebook; 1 if one of them needs more than Binder gives."""
    too_much = False
    print("notebook                kernel   with children   seconds")
    for path in notebooks():
        if names and path.stem[:2] not in names:
            continue
        start = time.perf_counter()
        kernel, tree = (bytes / 1e6 for bytes in measure(solved(read(path))))
        seconds = time.perf_counter() - start
        too_much |= tree > BINDER
        print(f"{path.stem:20} {kernel:6.0f} MB {tree:12.0f} MB {seconds:9.0f}", flush=True)
    return int(too_much)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
