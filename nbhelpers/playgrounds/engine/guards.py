"""Two guards around whatever a panel does: one lock, and whole steps.

Callbacks may come from several threads, and an interrupt of the kernel between any two lines. So a
panel's methods run under `LOCK`, and nothing that belongs together is torn apart within `WHOLE`.
"""

import signal
import threading

LOCK = threading.RLock()  # one for the whole process: matplotlib is not thread-safe


class Whole:
    """A context that is left whole: an interrupt of the kernel waits until its end.

    An interrupt may come between any two lines; one that came while a network is being built, or
    a curve is one point ahead of the other, would leave something behind that never works again.
    Whoever makes many steps inside of it looks at `interrupted` in between. A second interrupt
    does not wait.

    Python hears of interrupts in its main thread only; in other threads this does nothing.
    """

    def __init__(self):
        self.depth, self.interrupted, self.before = 0, False, None

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            if not self.depth:
                self.before = signal.getsignal(signal.SIGINT)
                if callable(self.before):  # neither ignored nor left to the system
                    signal.signal(signal.SIGINT, self._wait)
            self.depth += 1  # last: before it, an interrupt may still end this method
        return self

    def __exit__(self, kind, error, trace):
        if threading.current_thread() is threading.main_thread():
            self.depth -= 1
            if not self.depth:
                if callable(self.before):
                    signal.signal(signal.SIGINT, self.before)
                interrupted, self.interrupted = self.interrupted, False
                if interrupted and kind is None:
                    raise KeyboardInterrupt

    def _wait(self, number, frame):
        if self.interrupted:
            self.before(number, frame)
        self.interrupted = True


WHOLE = Whole()  # one for the whole process, as there is one handler of interrupts
