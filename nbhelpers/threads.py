"""How many threads a matrix product may use: one, while it is small.

NumPy leaves matrix products to a library, BLAS, whose number of threads is one for the whole
process. threadpoolctl, which comes with scikit-learn, can set it; where that is missing, or knows
nothing of the BLAS at hand, everything here still works and the number stays as it is.
"""

from contextlib import ContextDecorator, nullcontext
from functools import lru_cache
from threading import Lock

SMALL = 16_000_000  # multiplications


def suited(multiplications):
    """Return a context for matrix products of so many multiplications: one thread where small.

    Below some sixteen million a product gains little or nothing from a second thread, and threads
    that wait for each other are slow on a busy machine. Measured with OpenBLAS on two cores, for
    whole epochs of MNIST (tests/benchmarks/threads.py): two threads take 0.85 to 1.3 times as long
    as one where nothing else runs, and 1.2 to 3.6 times beside one busy program. Larger products
    keep all threads. The number depends on the sizes alone, never on a clock: one and two threads
    round differently, and the same seed must give the same network.
    """
    return one_thread if multiplications < SMALL else nullcontext()


class OneThread(ContextDecorator):
    """A context, or a decorator, in which matrix products run in one thread.

    Several may be inside at a time, from one Python thread or from several: the first to come sets
    the number, the last to leave puts it back. It holds for the whole process, so whoever wants
    all cores trains in two processes rather than in two threads. In playgrounds one is best
    whatever the size: beside a browser a step of 0.6 ms takes up to 12 ms in two threads.
    """

    def __init__(self):
        self.lock, self.inside, self.limits = Lock(), 0, None

    def __enter__(self):
        with self.lock:
            if self.limits is None and controller() is not None:
                self.limits = controller().limit(limits=1, user_api="blas")
                release()
            self.inside += 1

    def __exit__(self, *error):
        with self.lock:
            self.inside -= 1
            if not self.inside and self.limits is not None:
                self.limits.restore_original_limits()
                self.limits = None
                release()


one_thread = OneThread()  # one for all, as there is one number of threads


@lru_cache(maxsize=1)
def controller():
    """Return what can set the number of threads, or None without threadpoolctl.

    Kept, because to look for BLAS takes 5 ms on a laptop and a second in a browser (WebAssembly),
    and to set the number 0.2 ms.
    """
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


def release():
    """Let any thread set the number next: threadpoolctl 3.8 obeys the one that has set it only."""
    for library in controller().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread()
