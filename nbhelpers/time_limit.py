"""Call a reader's function that may never end, and come back all the same."""

import contextlib
import ctypes
import sys
import threading
import time

AGAIN = 0.01  # seconds until a function that has caught `TimeUp` hears of it once more


class TimeUp(BaseException):
    """Raised in a function whose time is up; no Exception, so that few functions catch it."""


class TimeLimit:
    """So many seconds for one call or several.

    A thread that waits raises `TimeUp` in the one that calls. Python hears of it between two
    steps of its own: a single long call of compiled code goes on to its end. An interrupt of the
    kernel works as ever. In a web page (Pyodide), which has no threads, there is no limit.
    """

    def __init__(self, seconds):
        self.left = seconds

    def call(self, function, *arguments):
        """What the function returns. Raises `TimeUp` when no time is left, or what it raises."""
        if sys.platform == "emscripten":
            return function(*arguments)
        me, ended = ctypes.c_ulong(threading.get_ident()), threading.Lock()
        begun, late = [], []
        ended.acquire()
        watch = threading.Thread(target=self._watch, args=(me, begun, ended, late), daemon=True)
        start = time.monotonic()
        try:
            watch.start()  # its locks would not bear a TimeUp
            begun.append(True)
            value = function(*arguments)
        finally:  # one TimeUp may be under way even here, and one more may follow it
            try:
                ended.release()
                watch.join()
            except TimeUp:
                try:
                    watch.join()
                except TimeUp:
                    watch.join()
            if late:
                self._forget(me, late[0])
            self.left -= time.monotonic() - start
        if late:  # the function has caught it
            raise TimeUp
        return value

    @staticmethod
    def _forget(thread, raise_in):
        """Let nothing come later: one more `TimeUp` takes its place, and ends here.

        To take it away (None in its place) would leave Python's note that something is under way:
        a function that a debugger follows would then never begin.
        """
        with contextlib.suppress(TimeUp):
            raise_in(thread, ctypes.py_object(TimeUp))
            while True:
                pass

    def _watch(self, thread, begun, ended, late):
        wait = max(self.left, AGAIN)
        while not ended.acquire(timeout=wait):
            if begun:
                late.append(ctypes.pythonapi.PyThreadState_SetAsyncExc)
                late[0](thread, ctypes.py_object(TimeUp))
            wait = AGAIN
