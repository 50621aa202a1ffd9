"""How fast the playgrounds are: redraw in the kernel, and the whole trip in a real browser.

    python tests/benchmarks/panels.py [name ...]

Kernel: seconds until a panel is open, and the median time from settled weights to the bytes of a
new picture (bar: 25 ms). Browser (where Chromium and playwright are there): medians of 20 from a
key press on a slider to the new picture, beside the bare trip, a slider that changes a text label,
in turns with it (bar: 1.6 times); pictures a second under Play (bar for the
two-dimensional ones: 25) and how long after Pause the last one comes (bar: 200 ms). Run it on a
machine that does nothing else.
"""

import importlib.util
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from lab import chromium, find_browser, jupyter_lab, open_notebook

from nbhelpers.playgrounds import PLAYGROUNDS

PRESSES = 20
PLAY_SECONDS = 4

# Remembers when a key went down, and when a picture's source or the label's text was changed.
WATCH = """() => {
  window.seen = {pictures: [], label: [], key: 0, click: 0};
  const now = () => performance.now();
  document.addEventListener('keydown', () => { window.seen.key = now(); }, true);
  document.addEventListener('click', () => { window.seen.click = now(); }, true);
  for (const img of document.querySelectorAll('.nn-picture')) {
    new MutationObserver(() => window.seen.pictures.push(now()))
      .observe(img, {attributes: true, attributeFilter: ['src']});
  }
  const label = [...document.querySelectorAll('.widget-label')]
    .find(e => e.textContent.startsWith('bare trip'));
  new MutationObserver(() => window.seen.label.push(now()))
    .observe(label, {childList: true, characterData: true, subtree: true});
}"""

BARE = """import ipywidgets
slider, label = ipywidgets.IntSlider(), ipywidgets.Label("bare trip")
slider.observe(lambda change: setattr(label, "value", f"bare trip {change['new']}"), "value")
ipywidgets.VBox([slider, label])"""


def redraw(panel, times=40):
    """Median milliseconds for a new picture, by the clock and of the processor; its kilobytes."""
    taken, worked = [], []
    for _ in range(times):
        panel.experiment.step(1)
        start, work = time.perf_counter(), time.process_time()
        panel._draw()
        data = panel.picture.render()
        taken.append(time.perf_counter() - start)
        worked.append(time.process_time() - work)
    return 1000 * statistics.median(taken), 1000 * statistics.median(worked), len(data) / 1000


def notebook_file(folder, name):
    """Write a notebook with the panel and the bare trip."""
    cells = [f"from nbhelpers import playgrounds\nplaygrounds.{name}()", BARE]
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
    """Pictures a second under Play, and milliseconds from Pause to the last picture."""
    panel.play.click()
    page.wait_for_timeout(1500)
    page.evaluate("() => { window.seen.pictures = []; }")
    page.wait_for_timeout(1000 * PLAY_SECONDS)
    times = page.evaluate("() => window.seen.pictures")
    rate = (len(times) - 1) / (times[-1] - times[0]) * 1000 if len(times) > 1 else 0.0
    gaps = np.diff(times) if len(times) > 1 else np.array([np.inf])
    panel.play.click()
    page.wait_for_timeout(1500)
    last, click = page.evaluate("() => [window.seen.pictures.at(-1), window.seen.click]")
    return rate, np.percentile(gaps, 95), max(0.0, last - click)


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
            f"ratio {picture / trip:.2f} (bar 1.6); by the page's own clock "
            f"{inner_picture:.0f} and {inner_trip:.0f} ms"
        )
    rate, gap, pause = play(page, panels[0])
    print(
        f"{name}: Play shows {rate:.1f} pictures a second (bar 25 in two dimensions; "
        f"95 % of the gaps below {gap:.0f} ms), the last one {pause:.0f} ms after Pause (bar 200)"
    )


def main(names):
    for name in names:
        start = time.perf_counter()
        panel = PLAYGROUNDS[name]()
        opened = time.perf_counter() - start
        milliseconds, work, size = redraw(panel)
        print(
            f"{name}: open in {opened:.2f} s; redraw {milliseconds:.1f} ms (bar 25), "
            f"of which the processor worked {work:.1f} ms; {size:.0f} kB {panel.picture.format}"
        )
    if importlib.util.find_spec("playwright") is None or find_browser() is None:
        print("no browser part: it needs playwright and a Chromium")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = [notebook_file(folder, name) for name in names]
        with jupyter_lab(folder) as address, chromium() as browser:
            for name, file in zip(names, files, strict=True):
                opened = open_notebook(browser, address, file, height=1400)
                browser_part(name, opened)
                opened.page.close()


if __name__ == "__main__":
    main(sys.argv[1:] or list(PLAYGROUNDS))
