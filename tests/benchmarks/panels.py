"""How fast figures and playgrounds are: redraw in the kernel, and the whole trip in a browser.

    python tests/benchmarks/panels.py [--latency 100] [--site FOLDER] [name ...]

Kernel: seconds until a panel is open, the median time from settled weights to the bytes of a new
picture (bar: 15 ms), the largest picture of a training (60 kB), and the share of training in the
time under Play (a quarter). Browser (where Chromium and playwright are there): medians of 20 from a
key press on a slider to the new picture, beside the bare trip, a slider that changes a text label,
in turns with it (bar: 1.4 times), by a person's clock and by the page's own; pictures a second
under Play (bar: 30, and 15 for MNIST) and how long after Pause the last one comes, the longest of
five (bar: 150 ms); where something can be dragged, pictures a second under a moving hand (bar: 25)
and how far its handle ever is from the hand (bar: a pixel). With `--latency`, everything between
the browser and the server takes so many milliseconds longer, there and back, as over a network.
Run it on a machine that does nothing else. With `--site FOLDER`, it measures there instead: in a
site that `python -m nbhelpers site FOLDER --pyodide ...` has built (a copy: it is changed for it).
"""

import argparse
import asyncio
import contextlib
import importlib.util
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from bars import at_least, at_most
from lab import OpenNotebook, chromium, find_browser, jupyter_lab, open_notebook
from lite import SECONDS, lab, make_ready, run_new, served

from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS

PRESSES = 20
PLAY_SECONDS = 4
DRAG_SECONDS = 4
SLOW = {"glass_box"}  # their clock shows one picture a second, on purpose
# Where a drag begins, if from the first settings half of it would leave the picture as it is.
BEGIN = {"xor_recorded": "moment=60", "xor_starts": "moment=60"}

# Remembers when a key went down, and the frames of the page in which a new picture, loaded, or the
# label's new text was first painted.
WATCH = """() => {
  window.seen = {pictures: [], label: [], key: 0, click: 0};
  const now = () => performance.now();
  const waiting = new Set();
  const painted = what => {
    if (waiting.has(what)) return;  // two in one frame: only the second is seen
    waiting.add(what);
    requestAnimationFrame(() => { waiting.delete(what); window.seen[what].push(now()); });
  };
  document.addEventListener('keydown', () => { window.seen.key = now(); }, true);
  document.addEventListener('click', () => { window.seen.click = now(); }, true);
  for (const img of document.querySelectorAll('img.nn-picture, .nn-picture img')) {
    img.addEventListener('load', () => painted('pictures'));
  }
  const label = [...document.querySelectorAll('.widget-label')]
    .find(e => e.textContent.startsWith('bare trip'));
  new MutationObserver(() => painted('label'))
    .observe(label, {childList: true, characterData: true, subtree: true});
}"""

# Moves a hand to and fro by pointer events, one a frame, as a mouse sends them, and watches the
# handle in each; resolves with the largest distance between the two.
DRAG = """([name, seconds]) => new Promise(done => {
  const handle = document.querySelector(`circle[data-name="${name}"]`), svg = handle.closest('svg');
  const middle = () => {
    const box = handle.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const say = (type, [x, y], to) => to.dispatchEvent(new PointerEvent(type, {
    bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, clientX: x, clientY: y}));
  const from = middle(), start = performance.now();
  let farthest = 0;
  say('pointerdown', from, handle);
  const frame = now => {
    const t = (now - start) / 1000;
    if (t > seconds) { say('pointerup', middle(), svg); done(farthest); return; }
    const to = [from[0] + 50 * Math.sin(5 * t), from[1] + 40 * Math.sin(4 * t)];
    say('pointermove', to, svg);
    const at = middle();
    farthest = Math.max(farthest, Math.hypot(at[0] - to[0], at[1] - to[1]));
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})"""

BARE = """import ipywidgets
slider, label = ipywidgets.IntSlider(), ipywidgets.Label("bare trip")
slider.observe(lambda change: setattr(label, "value", f"bare trip {change['new']}"), "value")
ipywidgets.VBox([slider, label])"""


@contextlib.contextmanager
def slow_line(address, milliseconds):
    """Yield an address behind which `address` answers so much later (half of it each way)."""
    target = urlsplit(address)

    async def pump(reader, writer):
        """Pass on what comes, late, in its order, and as much of it as comes."""
        loop, waiting = asyncio.get_running_loop(), asyncio.Queue()

        async def deliver():
            while (parcel := await waiting.get()) is not None:
                due, data = parcel
                await asyncio.sleep(max(0.0, due - loop.time()))
                writer.write(data)
                await writer.drain()
            writer.close()

        async def collect():
            while data := await reader.read(1 << 16):
                waiting.put_nowait((loop.time() + milliseconds / 2000, data))
            waiting.put_nowait(None)

        with contextlib.suppress(ConnectionError):  # a page that was closed
            await asyncio.gather(deliver(), collect())

    async def connect(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(target.hostname, target.port)
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async def listen():
        return await asyncio.start_server(connect, "127.0.0.1", 0)

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(server.close)


def redraw(panel, times=40):
    """Median milliseconds for a new picture, by the clock and of the processor."""
    taken, worked = [], []
    for k in range(times):
        if hasattr(panel, "experiment"):
            panel.experiment.step(1)
        else:
            sliders = [n for n, allowed in panel.state.allowed().items() if not allowed.options]
            value = type(getattr(panel.state, sliders[0]))(
                k if sliders[0] == "moment" else 0.02 * k
            )
            panel.state = replace(panel.state, **{sliders[0]: value})
        start, work = time.perf_counter(), time.process_time()
        panel._draw()
        panel.picture.render()
        taken.append(time.perf_counter() - start)
        worked.append(time.process_time() - work)
    return 1000 * statistics.median(taken), 1000 * statistics.median(worked)


def largest(panel, seconds=3):
    """Kilobytes of the largest picture of a training from the start."""
    panel.experiment.reset()
    sizes, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        panel.experiment.step(panel.pace.value, seconds=panel.SPELL)
        panel._draw()
        sizes.append(len(panel.picture.render()) / 1000)
    return max(sizes)


def share_of_training(panel, ticks=20):
    """How much of the time under Play is spent training, at the panel's own pace."""
    panel.experiment.reset()
    spent, passed, step = 0.0, 0.0, panel.experiment.step

    def timed(*args, **kwargs):
        nonlocal spent
        start = time.perf_counter()
        made = step(*args, **kwargs)
        spent += time.perf_counter() - start
        return made

    panel.experiment.step = timed
    for _ in range(ticks):
        start = time.perf_counter()
        panel.play_tick()
        passed += max(panel.TICK, time.perf_counter() - start)
        if panel._finished():
            break
    panel.experiment.step = step
    return spent / passed


def notebook_file(folder, name):
    """Write a notebook with the panel and the bare trip."""
    opened = f"playgrounds.{name}({BEGIN.get(name)!r})"
    cells = [f"from nbhelpers import playgrounds\n{opened}", BARE]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{i}",
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for i, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (Path(folder) / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return f"{name}.ipynb"


def press(page, handle, key, what):
    """Milliseconds from a key press on a slider to the first `what` ("pictures" or "label").

    Two clocks: a person's (from pressing to seeing, the whole way through the browser, watched
    from outside it every 10 ms) and the page's own (from its keydown event to the change).
    """
    page.wait_for_timeout(400)  # everything from the last press has arrived
    page.evaluate("what => { window.seen[what] = []; }", what)
    handle.focus()
    start = time.perf_counter()
    handle.press(key)
    page.wait_for_function(
        "what => window.seen[what].length > 0", arg=what, timeout=10_000, polling=10
    )
    outside = 1000 * (time.perf_counter() - start)
    return outside, page.evaluate("what => window.seen[what][0] - window.seen.key", what)


def play(page, panel):
    """Pictures a second under Play, the longest gap but for 5 %, and, for each of five times,
    milliseconds from Pause to the last picture."""
    gaps, late = [], []
    panel.settled()  # its clock may still be on the way to where the run before had been
    for _ in range(5):
        panel.button("Reset").first.click()  # a race has an end
        panel.play.click()
        page.wait_for_timeout(800)
        page.evaluate("() => { window.seen.pictures = []; }")
        page.wait_for_timeout(1000 * PLAY_SECONDS / 5)
        times = page.evaluate("() => window.seen.pictures")
        panel.play.click()
        page.wait_for_timeout(1500)
        last, click = page.evaluate("() => [window.seen.pictures.at(-1), window.seen.click]")
        late.append(max(0.0, last - click))
        gaps += [b - a for a, b in itertools.pairwise(times)]
    return 1000 / np.mean(gaps), np.percentile(gaps, 95), max(late)


def drag(page):
    """Pictures a second while the first handle is moved, and its largest distance from the hand."""
    name = page.locator("circle[data-name]").first.get_attribute("data-name")
    page.evaluate("() => { window.seen.pictures = []; }")
    farthest = page.evaluate(DRAG, [name, DRAG_SECONDS])
    return len(page.evaluate("() => window.seen.pictures")) / DRAG_SECONDS, farthest


def browser_part(name, opened):
    page = opened.page
    opened.run_all()
    page.wait_for_timeout(1500)
    page.evaluate(WATCH)
    panels = opened.panels()
    bare = panels[-1].sliders()[0][1]
    for label, handle in panels[0].sliders():
        trips, pictures = [], []
        for i in range(PRESSES):
            key = "ArrowRight" if i % 4 < 2 else "ArrowLeft"  # stays near where it is
            trips.append(press(page, bare, "ArrowRight" if i % 2 == 0 else "ArrowLeft", "label"))
            pictures.append(press(page, handle, key, "pictures"))
        trip, inner_trip = np.median(trips, axis=0)
        picture, inner_picture = np.median(pictures, axis=0)
        print(
            f"{name}: {label}: key press to picture {picture:.0f} ms, bare trip {trip:.0f} ms, "
            f"ratio {picture / trip:.2f} ({at_most(picture / trip, 1.4)}); by the page's own clock "
            f"{inner_picture:.0f} and {inner_trip:.0f} ms, ratio {inner_picture / inner_trip:.2f}"
        )
    if name in FIGURES:
        rate, farthest = drag(page)
        print(
            f"{name}: a drag shows {rate:.1f} pictures a second ({at_least(rate, 25)}), its handle "
            f"is at most {farthest:.1f} pixels from the hand ({at_most(farthest, 1)})"
        )
        return
    if name in SLOW:
        return
    rate, gap, pause = play(page, panels[0])
    print(
        f"{name}: Play shows {rate:.1f} pictures a second "
        f"({at_least(rate, 15 if name == 'mnist' else 30)}; 95 % of the gaps below {gap:.0f} ms), "
        f"the last one {pause:.0f} ms after Pause ({at_most(pause, 150)})"
    )


def in_site(folder, names):
    """Measure figures and playgrounds in the JupyterLab of a site."""
    make_ready(folder)
    with served(folder) as address, chromium() as browser:
        for name in names:
            page = browser.new_page(viewport={"width": 1280, "height": 1400})
            first = OpenNotebook(page)
            page.goto(lab(address, "notebooks/01_xor_loop.ipynb"))
            opened = f"playgrounds.{name}({BEGIN.get(name)!r})"
            notebook = run_new(first.ready(SECONDS), "import sklearn", opened, BARE)
            browser_part(name, notebook)
            page.close()


def main():
    """Measure the figures and playgrounds asked for, first in the kernel, then in a browser."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("names", nargs="*", default=[*FIGURES, *PLAYGROUNDS], metavar="name")
    ask.add_argument("--latency", type=float, default=0.0, help="milliseconds, there and back")
    ask.add_argument("--site", type=Path, metavar="FOLDER", help="a built site to measure in")
    asked = ask.parse_args()
    if asked.site is not None:
        in_site(asked.site, asked.names)
        return
    for name in asked.names:
        start = time.perf_counter()
        panel = (FIGURES | PLAYGROUNDS)[name]()
        opened = time.perf_counter() - start
        milliseconds, work = redraw(panel)
        if name in FIGURES:
            print(f"{name}: open in {opened:.2f} s; redraw {milliseconds:.1f} ms "
                  f"({at_most(milliseconds, 15)}), of which the processor worked {work:.1f} ms; "
                  f"{len(panel.picture.render()) / 1000:.0f} kB")  # fmt: skip
            continue
        size, share = largest(panel), 100 * share_of_training(panel)
        print(
            f"{name}: open in {opened:.2f} s; redraw {milliseconds:.1f} ms "
            f"({at_most(milliseconds, 15)}), of which the processor worked {work:.1f} ms; "
            f"{size:.0f} kB ({at_most(size, 60)}); {share:.0f} % of the time under Play is "
            f"training ({at_most(share, 25)})"
        )
    if importlib.util.find_spec("playwright") is None or find_browser() is None:
        print("no browser part: it needs playwright and a Chromium")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [notebook_file(folder, name) for name in asked.names]
        with (
            jupyter_lab(folder) as address,
            slow_line(address, asked.latency) if asked.latency else contextlib.nullcontext(address)
            as address,
            chromium() as browser,
        ):  # fmt: skip
            for name, file in zip(asked.names, files, strict=True):
                opened = open_notebook(browser, address, file, height=1400)
                browser_part(name, opened)
                opened.page.close()


if __name__ == "__main__":
    main()
