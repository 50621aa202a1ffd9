"""Every notebook, solved, in a real JupyterLab, its panels in a real Chromium under real keys.

One server and one browser serve them all. Each notebook is opened and run once, as a copy with
every exercise solved and short trainings; nbval runs all of it as it is stored, unsolved.
"""

import re

import nbformat
import pytest
from lab import jupyter_lab, open_notebook
from notebook_tools import core, notebooks, read, solved, unpassed

NOTEBOOKS = [path.name for path in notebooks()]


@pytest.fixture(scope="module")
def address(browser, tmp_path_factory):
    """A JupyterLab that serves a copy of the notebooks, with every exercise solved."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "notebooks").mkdir()
    for path in notebooks():
        nbformat.write(core(solved(read(path))), folder / "notebooks" / path.name)
    with jupyter_lab(folder) as address:
        yield address


@pytest.fixture(scope="module")
def free():
    """At most one page: the one that the last notebook has left, if all was well with it."""
    return []


@pytest.fixture(scope="module", params=NOTEBOOKS)
def notebook(request, browser, address, free):
    """A notebook that has been opened and run from top to bottom."""
    page = free.pop() if free else None
    opened = open_notebook(browser, address, f"notebooks/{request.param}", page=page)
    try:
        opened.run_all()
    except BaseException:
        opened.close()
        raise
    failed = request.session.testsfailed
    yield opened
    if request.session.testsfailed == failed:
        free.append(opened.leave())
    else:
        opened.close()


def describe(panel, *words):
    """Name of a control for a message."""
    return f"panel {panel.number}: {' '.join(words)}"


def test_runs_without_errors(notebook):
    assert notebook.errors() == []
    assert notebook.said() == []


def test_every_solution_passes_its_checks(notebook):
    assert unpassed(notebook.contents()) == []


def test_opens_with_panels(notebook):
    assert notebook.panels(), "no slider, no play button and no drawing pad in this notebook"


def test_each_slider_changes_the_picture(notebook):
    """Without the previous run's grey curve, where there is one: it alone would be a change."""
    dead = []
    for panel in notebook.panels():
        panel.unfold()
        part = "pictures" if panel.has_picture else "words"
        panel.forget()
        before = panel.settled()
        for label, handle in panel.sliders():
            if not panel.move(handle):
                dead.append(describe(panel, "slider", label, "does not move"))
                continue
            moved = panel.changed(before, part)
            panel.forget()
            after = panel.settled()
            if not moved or after[part] == before[part]:
                dead.append(describe(panel, "slider", label, f"changes no {part}"))
            before = after
    assert dead == []
    assert notebook.said() == []


def test_play_runs_and_pause_stops(notebook):
    wrong = []
    for panel in notebook.panels():
        if panel.play.count() == 0:
            continue
        panel.settled()
        panel.count_frames()
        panel.play.click()
        if not panel.shows_frames(5):
            wrong.append(describe(panel, "not five pictures in a minute of Play"))
        panel.play.click()
        panel.settled(quiet=0.8)  # fails if it goes on after Pause
    assert wrong == []
    assert notebook.said() == []


@pytest.mark.parametrize("text", ["Step", "Next", "Back", "Reset", "New weights", "Keep"])
def test_buttons(notebook, text):
    """All but Keep show another picture after a step; Keep raises nothing."""
    wrong = []
    for panel in notebook.panels():
        panel.unfold()
        button, step = panel.button(text), panel.button(re.compile("Step|Next"))
        if button.count() == 0:
            continue
        if step.count() and text not in ("Step", "Next"):
            step.first.click()
        before = panel.settled()
        button.first.click()
        if text != "Keep" and not panel.changed(before, "pictures"):
            wrong.append(describe(panel, "button", text, "changes no picture"))
    assert wrong == []
    assert notebook.said() == []


def test_show_code_shows_a_script(notebook):
    for panel in notebook.panels():
        panel.unfold()
        button = panel.button("Show code")
        if button.count() == 0:
            continue
        button.first.click()
        script = panel.root.locator("textarea:visible").first
        script.wait_for(timeout=60_000)
        shown = panel.until(lambda box=script: "import numpy" in box.input_value())
        assert shown, describe(panel, "Show code shows", script.input_value()[:80])
        menu = panel.root.get_by_label("library")
        menu.focus()
        menu.press("End")  # PyTorch, by the keyboard
        shown = panel.until(lambda box=script: "torch" in box.input_value().lower())
        assert shown, describe(panel, "after End in the menu", script.input_value()[:80])
    assert notebook.said() == []


def draw_a_one(page, pad, share=0.5):
    """Draw a vertical stroke on a canvas with the mouse, at a share of its width."""
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    x = box["x"] + share * box["width"]
    page.mouse.move(x, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(x, box["y"] + 0.8 * box["height"], steps=12)
    page.mouse.up()


def test_drawing_changes_the_probabilities(notebook):
    wrong, shares = [], iter((0.5, 0.3, 0.7))  # one pad may stand in two places
    for panel in notebook.panels():
        for pad in panel.root.locator("canvas").all():
            before = panel.settled()
            draw_a_one(notebook.page, pad, next(shares))
            if not panel.until(lambda old=before, panel=panel: panel.shown() != old):
                wrong.append(describe(panel, "a stroke on the pad changes nothing"))
    assert wrong == []
    assert notebook.said() == []


def test_console_is_quiet(notebook):
    """Last of the module, after everything above has been clicked."""
    assert notebook.console == []
