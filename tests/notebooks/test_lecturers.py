"""The lecturer's guide: its minutes, sections, cells, quotations, settings strings and memory."""

import re
from functools import cache

import pytest
from notebook_tools import FOLDER, ROOT, cells, notebooks, pairs, plain_text, read, solution_code

from nbhelpers.playgrounds import PLAYGROUNDS

GUIDE = (FOLDER / "LECTURERS.md").read_text(encoding="utf-8")
LESSONS = {path.stem[:2]: path for path in notebooks() if not path.stem.startswith("00")}
PARTS = {
    title[:2]: text
    for title, text in re.findall(
        r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE
    )
    if title[:2].isdigit()
}
SITTING = 45  # minutes
FRAME = {"Exercises", "In practice", "Further reading", "Recap"}  # need no row of their own

# What the guide says in words of its own about a panel: where the number is, and its bounds.
NUMBERS = {
    ("curve_bias", "hidden_bias=off"): (r"error ([\d.]+) at the points", 0.275, 0.29),
    ("curve_bias", "hidden_bias=on"): (r"error ([\d.]+) at the points", 0.045, 0.06),
    ("sgd", "shuffle=off"): (r"([\d.]+) between", 0.128, 0.13),
    ("sgd", "shuffle=on"): (r"([\d.]+) between", 0.018, 0.019),
    ("activations", "activation=sigmoid"): (r"([\d.]+) between", 0.265, 0.275),
    ("activations", "activation=tanh"): (r"([\d.]+) between", 0.115, 0.125),
    ("regions", "hidden=1,"): (r"([\d.]+) % of fresh", 81, 82.5),
    ("regions", "data=spirals,hidden=5,steps"): (r"([\d.]+) % of fresh", 92.5, 94),
    ("regions", "hidden=5,layers=2"): (r"([\d.]+) % of fresh", 99.3, 99.9),
    ("regions", "layers=3,learning_rate=1,"): (r"([\d.]+) % of fresh", 60, 100),
    ("regions", "layers=3,learning_rate=0.3,"): (r"([\d.]+) % of fresh", 99.4, 100),
    ("digits", "training_digits=100"): (r"validation: .*, ([\d.]+) % right", 91, 93),
    ("digits", "activation=relu"): (r"validation: .*, ([\d.]+) % right", 5, 33),
    ("mnist", "optimizer=SGD,learning_rate=0.1"): (r"([\d.]+) % of 1,000", 92, 94),
    ("mnist", "optimizer=SGD,learning_rate=10"): (r"([\d.]+) of 64 units .* dead", 50, 64),
    ("mnist", "hidden1=16"): (r"([\d.]+) % of 1,000", 92, 94),
    ("mnist", "hidden1=512"): (r"([\d.]+) % of 1,000", 96.5, 98),
    ("remedies", "images=100,"): (r"([\d.]+) % of 1,000", 72, 78),
    ("remedies", "images=1000,steps"): (r"([\d.]+) % of 1,000", 90, 92.5),
    ("remedies", "warp=1"): (r"best ([\d.]+) %", 95, 97),
    ("remedies", "dropout=0.8"): (r"([\d.]+) % of 1,000", 77, 83),
    ("optimizers", "turned"): (r"Adam ([\d.e-]+)$", 1e-5, 1e-3),
}


def table(text, *head):
    """The rows below a table's head, each a tuple of cells."""
    lines = text.split("| " + " | ".join(head) + " |\n")[1].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split(" | ")))
    return rows


def plan(number):
    """(minutes, when, [headings]) of a notebook's rows."""
    rows = table(PARTS[number], "min", "when", "section", "in class")
    return [(int(row[0]), row[1], row[2].split("; ")) for row in rows]


@cache
def headings(number):
    """(level, text) of a notebook's headings but the title, in order."""
    prose = [cell.source for cell in cells(read(LESSONS[number]), kind="markdown")]
    found = [re.findall(r"^(##+) (.*)$", source, flags=re.MULTILINE) for source in prose]
    return [(len(marks), text.strip()) for some in found for marks, text in some]


@cache
def sections(number):
    """What stands below each heading of a notebook: text, code and plain outputs."""
    found, heading = {}, ""
    for cell in read(LESSONS[number]).cells:
        for piece in re.split(r"^(?=##+ )", cell.source, flags=re.MULTILINE):
            if cell.cell_type == "markdown" and piece.startswith("##"):
                heading = piece.partition("\n")[0].lstrip("# ").strip()
            found.setdefault(heading, []).append(piece)
        found[heading] += map(plain_text, cell.get("outputs", ()))
    return {heading: " ".join(" ".join(texts).split()) for heading, texts in found.items()}


each_lesson = pytest.mark.parametrize("number", LESSONS)


def test_there_is_a_part_for_every_notebook():
    assert list(PARTS) == list(LESSONS)


@each_lesson
def test_the_minutes_are_those_that_the_notebook_promises(number):
    first = read(LESSONS[number]).cells[0].source
    (promised,) = re.findall(r"[Aa]bout (\d+) minutes", first)
    in_readme = re.findall(
        rf"^\| \[{number} .*\| (\d+) \|$", (ROOT / "README.md").read_text("utf-8"), re.M
    )
    assert in_readme == [promised]
    assert sum(minutes for minutes, _, _ in plan(number)) == int(promised)
    for sitting in ("1", "2"):
        assert 25 <= sum(m for m, when, _ in plan(number) if when == sitting) <= SITTING


@each_lesson
def test_every_section_has_its_place_in_the_plan(number):
    """In the order of the notebook within a sitting; a part of a section goes with it."""
    order = [text for _, text in headings(number)]
    planned = [(when, name) for _, when, names in plan(number) for name in names]
    assert {when for when, _ in planned} == {"1", "2", "home"}
    assert len({name for _, name in planned}) == len(planned)
    for when in ("1", "2", "home"):
        places = [order.index(name) for w, name in planned if w == when]
        assert places == sorted(places)
    names, above = {name for _, name in planned}, None
    for level, text in headings(number):
        above = text if level == 2 else above
        part = level == 3 and above in names and not text.startswith("Exercise")
        placed = text in names | FRAME | {"Where we are"} or part
        assert placed, f"{text!r} is not in the plan of notebook {number} in LECTURERS.md"


@each_lesson
def test_what_is_quoted_stands_in_the_section_that_is_named(number):
    """`words` in a list, after the title of their item; the section in parentheses: (*Recap*)."""
    for item in re.findall(r"^- \*.+?[?\"]\* (.*)", PARTS[number], re.MULTILINE):
        names = re.findall(r"\(\*([^*]+)\*\)", item) or sections(number)
        text = " ".join(sections(number)[name] for name in names)
        for words in re.findall(r"`([^`\n]+)`", item):
            assert words in text, (words, names)


def test_no_quotation_is_by_a_number_that_a_new_cell_would_change():
    assert not re.findall(r"(?<!\w)\[\d+\]|\b(?:In|Out) ?\[", GUIDE)


# ---------------------------------------------------------------- settings strings
STRINGS = {}
for part in PARTS.values():
    for panel, settings, words in table(part, "panel", "settings", "what they see"):
        STRINGS.setdefault(panel, []).append((settings.strip("`"), words))


def agrees(quoted, summary):
    """Whether a summary has these words; numbers that aren't whole may differ by one per cent."""
    number = r"(\d+\.\d+)"
    pieces = re.split(number, quoted)  # every second one is a number
    wanted = [float(text) for text in pieces[1::2]]
    pattern = number.join(map(re.escape, pieces[::2]))
    return any(
        all(abs(float(a) - b) <= 0.01 * b for a, b in zip(match.groups(), wanted, strict=True))
        for match in re.finditer(pattern, summary)
    )


@pytest.mark.parametrize("name", STRINGS)
def test_settings_strings_show_what_the_guide_says(name):
    """Pasted one after the other into the settings line of one panel."""
    panel = PLAYGROUNDS[name](steps=0)
    panel.FIRST = panel.SPELL = 60.0  # without pictures on the way
    checked = 0
    for settings, words in STRINGS[name]:
        assert "steps=" in settings, "what is seen depends on how far the panel is already"
        panel.settings = settings
        for pair in settings.split(","):
            assert pair.split("=")[0] + "=" in panel.settings
        for quoted in re.findall(r'"([^"]+)"', words):
            assert agrees(quoted, panel.summary), (settings, quoted, panel.summary)
            checked += 1
        for (owner, piece), (pattern, low, high) in NUMBERS.items():
            if owner == name and piece in settings:
                (number,) = re.findall(pattern, panel.summary)
                assert low <= float(number) <= high, (settings, panel.summary)
                checked += 1
    assert checked >= len(STRINGS[name])


def test_every_number_that_is_checked_belongs_to_a_string():
    for owner, piece in NUMBERS:
        assert sum(piece in settings for settings, _ in STRINGS[owner]) == 1, (owner, piece)


def test_all_but_adam_arrive_in_the_turned_ravine():
    (settings,) = [s for s, _ in STRINGS["optimizers"] if "turned" in s]
    panel = PLAYGROUNDS["optimizers"](settings)
    ends = re.findall(r"(?:SGD|momentum|Nesterov) ([\d.e-]+)", panel.summary)
    assert len(ends) == 3
    assert max(map(float, ends)) < 1e-10


# ---------------------------------------------------------------- students and machines
def test_exercises_that_the_text_answers_are_named():
    """Those of whose solution half the lines, or more, stand in other cells as well."""
    (sentence,) = re.findall(r"shows what was asked for .*?: (.*?)\. And", GUIDE)
    named = {
        (number, int(k))
        for number, which in re.findall(r"(\d\d) exercises? ([\d and]+)", sentence)
        for k in re.findall(r"\d+", which)
    }
    found = set()
    for number, path in LESSONS.items():
        notebook = read(path)
        for k, (exercise, solution) in enumerate(pairs(notebook), start=1):
            others = "\n".join(
                cell.source for cell in notebook.cells if cell not in (exercise, solution)
            )
            lines = [line.strip() for line in solution_code(solution).splitlines()]
            lines = [line.removeprefix("return ") for line in lines if not line.startswith("def ")]
            lines = [line for line in lines if len(line) > 4]
            given = sum(line in others for line in lines)
            found |= {(number, k)} if lines and given >= len(lines) / 2 else set()
    assert found == named


def test_memory_is_told_for_every_notebook_and_fits_into_binder():
    (block,) = re.findall(r"<!-- memory -->\n(.*)<!-- end of memory -->", GUIDE, re.DOTALL)
    rows = table(block, "notebook", "kernel", "with its processes")
    assert [row[0] for row in rows] == [path.stem[:2] for path in notebooks()]
    for number, kernel, tree in rows:
        assert 50 < int(kernel) <= int(tree) < 2000 - 100, number
