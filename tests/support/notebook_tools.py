"""Read notebooks: all of them, their cells by tag, with their exercises solved, or shortened.

What a test knows about a cell stands in the cell's metadata: the tag `more` is on cells that no
later one needs and that take long (or compare what shorter trainings don't reach), and `shortened`
has pairs of a text and a shorter training in its place. `core` leaves out the one and replaces the
other.
"""

import ast
import copy
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import nbformat

from nbhelpers.teaching.notebook_files import numbered

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
CHECKS = ("checks.check", "check", "answers.use")  # what looks at an answer


def notebooks(folder=FOLDER):
    """Paths of the numbered notebooks, in order."""
    return numbered(folder)


def read(path):
    """The notebook as an nbformat 4 node."""
    return nbformat.read(path, as_version=4)


def write(path, *sources):
    """Write a notebook of code cells, not yet run."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in sources])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(made, path)


def documents(project):
    """Copy README.md and the notebooks to a folder; they may be changed, if not the originals."""
    for path in (ROOT / "README.md", *FOLDER.rglob("*.*")):
        target = project / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, target)


def tags(cell):
    """The tags of a cell, as a set."""
    return set(cell.get("metadata", {}).get("tags", ()))


def cells(notebook, tag=None, kind=None):
    """Cells with this tag and of this kind ("code", "markdown"); None means any."""
    return [
        cell
        for cell in notebook.cells
        if (tag is None or tag in tags(cell)) and (kind is None or cell.cell_type == kind)
    ]


def solution_code(cell):
    """The Python code in a folded solution cell. Raises ValueError if there is none."""
    blocks = re.findall(r"^```python\n(.*?)^```", cell.source, flags=re.DOTALL | re.MULTILINE)
    folded = re.fullmatch(
        r"<details>\s*<summary>.*?</summary>\n(.*\n)?\n```python\n.*\n```\n\n(.*\n)?</details>",
        cell.source.strip(),
        flags=re.DOTALL,
    )
    if not blocks or not folded:
        raise ValueError(
            "a solution is <details><summary>Solution</summary>, a ```python block with blank "
            f"lines around it, words before and after if need be, </details>; got: {cell.source!r}"
        )
    return "\n".join(block.rstrip("\n") for block in blocks)


def pairs(notebook):
    """(exercise cell, its solution cell) for each exercise.

    Raises ValueError if an exercise has no solution before the next exercise.
    """
    found, waiting = [], None
    for cell in notebook.cells:
        if "exercise" in tags(cell) and cell.cell_type == "code":
            if waiting is not None:
                raise ValueError(f"exercise without a solution: {waiting.source[:120]!r}")
            waiting = cell
        elif "solution" in tags(cell):
            if waiting is None:
                raise ValueError(f"solution without an exercise: {cell.source[:120]!r}")
            found.append((waiting, cell))
            waiting = None
    if waiting is not None:
        raise ValueError(f"exercise without a solution: {waiting.source[:120]!r}")
    return found


def solve(exercise, solution):
    """Source of an exercise cell with the solution in place of what it defines.

    Statements that bind a name which the solution binds are dropped, the solution stands where
    the first of them stood, and everything else, the checks above all, stays.
    """
    bound = set().union(*(_names(statement) for statement in ast.parse(solution).body))
    kept, placed, checks = [], False, 0
    for statement in ast.parse(exercise).body:
        text = _source(exercise, statement)
        if _calls_check(statement):
            if not placed:
                kept, placed = [*kept, solution], True
            kept.append(text)
            checks += 1
        elif _names(statement) & bound and not isinstance(statement, (ast.Import, ast.ImportFrom)):
            if not placed:
                kept, placed = [*kept, solution], True
        elif _unsolved(statement):
            raise ValueError(f"the solution does not define what this leaves open: {text!r}")
        else:
            kept.append(text)
    if not checks:
        raise ValueError(
            f"an exercise cell without checks.check(...) or answers.use(...): {exercise[:120]!r}"
        )
    return "\n\n".join(kept)


def solved(notebook):
    """A copy of the notebook in which every exercise has its solution."""
    notebook = copy.deepcopy(notebook)
    for exercise, solution in pairs(notebook):
        exercise.source = solve(exercise.source, solution_code(solution))
    return notebook


def unpassed(notebook):
    """Source of every exercise cell of an executed notebook whose checks did not all pass."""
    failed = []
    for exercise in cells(notebook, "exercise", "code"):
        said = [plain_text(output) for output in exercise.outputs]
        passed = sum(text.startswith("✓ Right") for text in said)
        wanted = sum(_calls_check(s) for s in ast.parse(exercise.source).body)
        if passed < wanted:
            failed.append(exercise.source + "\n\n" + "\n".join(said))
    return failed


def used(exercise):
    """Names and "lesson.name" of each `names = answers.use("lesson.name", ...)` in a source."""
    assigned = [node for node in ast.parse(exercise).body if isinstance(node, ast.Assign)]
    for node in assigned:
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "answers.use":
            yield [name.id for name in _parts(node.targets[0])], node.value.args[0].value


def shorten(cell):
    """Replace in a cell, in place, what its metadata `shortened` names: fewer epochs, seeds, …."""
    for text, shorter in cell.metadata.get("shortened", {}).items():
        if cell.source.count(text) != 1:
            raise ValueError(f"cell {cell.id}: {text!r}, to be shortened, is not there once")
        cell.source = cell.source.replace(text, shorter)


def core(notebook):
    """A copy of the notebook that runs in seconds: shortened, without its cells tagged `more`."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if "more" not in tags(cell)]
    for cell in notebook.cells:
        shorten(cell)
    return notebook


def plain_text(output):
    """An output's plain text ("" if it has none)."""
    text = output.get("data", {}).get("text/plain", output.get("text", ""))
    return text if isinstance(text, str) else "".join(text)


def _source(source, statement):
    """A statement's text, decorators included."""
    first = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))])
    return "\n".join(source.splitlines()[first - 1 : statement.end_lineno])


def _names(statement):
    """Names that a statement binds."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _calls_check(statement):
    return any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in CHECKS
        for node in ast.walk(statement)
    )


def _unsolved(statement):
    """True for `name = ...` and for a function that returns `...`."""
    return any(
        isinstance(node, (ast.Assign, ast.Return))
        and any(isinstance(n, ast.Constant) and n.value is ... for n in _parts(node.value))
        for node in ast.walk(statement)
    )


def _parts(value):
    return value.elts if isinstance(value, ast.Tuple) else [value]


# -- readable in every theme ------------------------------------------------------------------


def luminance(colour):
    """Relative luminance of "#RRGGBB" (WCAG 2.1)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    """Contrast ratio of two colours (WCAG 2.1): 1 to 21, at least 4.5 for text."""
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Texts(HTMLParser):
    """Every piece of text of an HTML fragment with the colours that it is shown in.

    `found` has (text, colour, background); a colour is None where the page's theme decides.
    Elements that JupyterLab's themes colour by themselves forget what they inherit.
    """

    themed = frozenset({"code", "pre", "table", "td", "th", "tr", "a"})
    empty = frozenset({"br", "img", "hr", "input"})

    def __init__(self, fragment):
        super().__init__()
        self.found, self.stack = [], [("", None, None)]
        self.feed(fragment)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag in self.empty:
            return
        _, colour, background = self.stack[-1]
        if tag in self.themed:
            colour = background = None
        style = dict(attributes).get("style") or ""
        for declaration in style.split(";"):
            name, _, value = (part.strip() for part in declaration.partition(":"))
            colour = value if name == "color" else colour
            background = value if name == "background" else background
        self.stack.append((tag, colour, background))

    def handle_endtag(self, tag):
        opened = self.stack.pop()[0]
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data):
        if data.strip():
            self.found.append((data.strip(), *self.stack[-1][1:]))


def unreadable(fragment):
    """Texts of an HTML fragment that some theme makes hard to read, with the reason."""
    bad = []
    for text, colour, background in Texts(fragment).found:
        if (colour is None) != (background is None):
            bad.append((text, f"colour {colour} on background {background}: set both or none"))
        elif colour and contrast(colour, background) < 4.5:
            bad.append((text, f"{contrast(colour, background):.2f} for {colour} on {background}"))
    return bad
