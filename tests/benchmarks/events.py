"""What thousands of events leave behind in a figure: memory and objects, before and after.

    python tests/benchmarks/events.py [name ...]     # default: all of them, 10,000 events each

The events are those that a page sends: sliders, number boxes and menus moved to values all over
their range, every button, drags, clicks, a resting pointer, ticks of the clock, settings strings
(right and wrong ones). The clock and a change of settings train for a shorter time than they do in
front of a person. Each figure or playground has a Python of its own, in which every warning of a
computation is an error.
"""

import subprocess
import sys
import time

EVENTS = 10_000

# Arguments: name, events. At the beginning and after each tenth of them, it prints the resident
# memory in bytes and the number of Python's objects.
SCRIPT = """
import gc
import itertools
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import ipywidgets
import psutil

from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS
from nbhelpers.playgrounds.engine.goals import Bests

name, events = sys.argv[1], int(sys.argv[2])
trained = name in PLAYGROUNDS
import_module("nbhelpers.playgrounds.downhill").TRAINED = 100
import_module("nbhelpers.playgrounds.xor").LAST = 200
folder = tempfile.TemporaryDirectory()
bests = Bests(Path(folder.name) / "bests.json")
panel = (FIGURES | PLAYGROUNDS)[name](bests=bests)
if trained:
    panel.CATCH_UP, panel.BURST, panel.SPELL = 0.001, 0.0, 0.001
    panel.pace.value = panel.pace.options[0][1]


def values(widget):
    '''All over the range of a slider, box or menu, again and again, in no simple order.'''
    for k in itertools.count():
        share = k * 0.618033988749895 % 1
        if isinstance(widget, ipywidgets.Dropdown):
            options = [option[1] if isinstance(option, tuple) else option
                       for option in widget.options]
            yield options[int(share * len(options))]
            continue
        value = widget.min + share * (widget.max - widget.min)
        if isinstance(widget, ipywidgets.FloatLogSlider):
            value = widget.base**value
        yield int(value) if isinstance(widget.value, int) else value


def hand():
    '''What a page says of a hand: drags of 20 moves, a click and a question on each place.'''
    image, serials = panel.image, itertools.count(1)
    shares = ((k * 0.618033988749895 % 1, k * 0.754877666246693 % 1) for k in itertools.count())

    def say(**content):
        x, y = next(shares)
        content |= {"x": x * panel.picture.width, "y": y * panel.picture.height}
        image._heard(image, content | {"serial": next(serials)}, [])

    while True:
        for handle in list(image.handles):
            for k in range(20):
                yield say(handle=handle, last=k == 19)
        for place in image.places:
            yield say(press=place)
            yield say(hover=place)


movable = [*panel.controls.values(), *panel.number_boxes.values()]
moves = itertools.cycle([(widget, values(widget)) for widget in movable])
touched = hand() if hasattr(panel.image, "handles") else None
own = {"step", "keep", "clear", "code", "apply"} if trained else {"apply"}
buttons = itertools.cycle([button for name, button in panel.buttons.items() if name not in own])
keep = itertools.cycle([*["keep"] * 5, "clear"])
start, ticks = panel.settings, 0
for event in range(events + 1):
    kind, k = event % 10, event // 10
    if kind < 5 and touched and (kind % 2 or not trained and kind):
        next(touched)
    elif kind < 5 or not trained and kind in (5, 6):
        widget, places = next(moves)
        widget.value = next(places)
    elif kind == 5:
        panel.buttons["step"].click()
    elif kind == 6:
        before = panel.experiment.steps
        panel.play.set_state({"value": panel.play.value + 1, panel._play_trait: True})
        ticks += panel.experiment.steps > before
        setattr(panel.play, panel._play_trait, False)
    elif kind == 7:
        next(buttons).click()
    elif kind == 8:
        panel.text.value = f"learning_rate={event}<b>"
    elif trained and k % 10 == 0:
        panel.buttons[next(keep)].click()
    elif trained and k % 10 == 5:
        panel.buttons["code"].click()
    elif k % 3 and "seed" in panel.controls:
        panel.text.value = f"seed={k % 50}" + f",steps={k % 5}" * trained
    else:
        panel.text.value = start
    if event % (events // 10) == 0:
        gc.collect()
        print(psutil.Process().memory_info().rss, len(gc.get_objects()), flush=True)
if trained:
    assert panel.settings.endswith(f"steps={panel.experiment.steps}")
    assert ticks > events // 100
"""


def watched(name, events=EVENTS):
    """Move all that can be moved in one of them, in a Python of its own, `events` >= 10 times.

    Returns memory in bytes and number of objects, at the beginning and after each tenth of the
    events. Raises RuntimeError with what Python printed if anything went wrong, in a callback too.
    """
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", SCRIPT, name, str(events)]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if run.returncode or run.stderr:
        raise RuntimeError(f"{name}: exit code {run.returncode}\n{run.stderr}")
    return tuple(zip(*(map(int, line.split()) for line in run.stdout.splitlines()), strict=True))


def main(names):
    print(f"after {EVENTS // 10:,} and after {EVENTS:,} events")
    for name in names:
        start = time.perf_counter()
        memory, objects = watched(name)
        print(
            f"{name:12} {memory[1] / 1e6:5.0f} and {memory[-1] / 1e6:5.0f} MB "
            f"(largest {100 * (max(memory[2:]) / memory[1] - 1):+.1f} %), "
            f"{objects[1]:,} and {objects[-1]:,} objects, {time.perf_counter() - start:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    from nbhelpers.playgrounds import FIGURES, PLAYGROUNDS

    main(sys.argv[1:] or [*FIGURES, *PLAYGROUNDS])
