"""The program so far: recall it, run it alone, export it, and see what a lesson changed in it.

Some notebooks have one cell tagged `program`: the whole program of the lesson, which runs alone.
Everything here is computed from these cells.
"""

import difflib
import html
import itertools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from nbhelpers.boxes import INK, MONO, Shown
from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import folder, numbered, read_notebook, two_digits

CONTEXT = 3  # unchanged lines shown around a change
FOLD = 30  # a program longer than this starts folded
PAPER = "#F7F7F7"
SOFT = "#595959"  # line numbers, unchanged stretches
REMOVED = ("#FBE3D6", "#F3B795")  # background of a removed line, of its removed words (vermilion)
ADDED = ("#DDEDF8", "#A3CFEB")  # the same for added (blue)
#: Pygments token -> (colour, weight); every colour is readable on PAPER
_TOKENS = {
    "Comment": (SOFT, "normal"),
    "Keyword": ("#00507D", "bold"),
    "Operator.Word": ("#00507D", "bold"),
    "Name.Builtin": ("#00507D", "normal"),
    "Name.Function": ("#6A2F52", "bold"),
    "Name.Class": ("#6A2F52", "bold"),
    "Literal.String": ("#8A3A00", "normal"),
    "Literal.Number": ("#00624A", "normal"),
}
PANEL = (
    f"color:{INK};background:{PAPER};{MONO}font-size:13px;line-height:1.45;white-space:pre;"
    "margin:0;padding:.6em .9em;overflow-x:auto;border:1px solid #8C8C8C;border-radius:4px;"
)


# -- the program cells ------------------------------------------------------------------------


def program(lesson, notebooks=None):
    """Source text of the program cell of a lesson, which is "01", 1 or "01_xor_loop".

    The text ends with one newline. `notebooks` is the folder to look in, by default that of the
    checkout. ValueError, with the notebooks that have a program, if there is no such notebook, or
    more than one, or not exactly one program cell in it.
    """
    place = Path(notebooks) if notebooks is not None else folder()
    number = two_digits(lesson)
    found = [path for path in numbered(place) if path.name.startswith(number)]
    if len(found) > 1:
        names = " and ".join(path.name for path in found)
        raise ValueError(f"notebook {number} should be one file in {place}, there are {names}")
    cells = _program_cells(found[0]) if found else []
    if len(cells) == 1:
        return cells[0].rstrip() + "\n"
    existing = ", ".join(p.stem for p in numbered(place) if _program_cells(p)) or "none"
    what = f"no notebook {number}"
    if found:
        what = f"notebook {found[0].stem} has {len(cells)} program cells"
    raise ValueError(f"no program for {lesson!r}: {what}; notebooks with a program: {existing}")


def _program_cells(path):
    """Sources of a notebook's program cells.

    A copy that a reader has made has the tag, too. The series' own cell is known by its id, which
    begins as that of the first cell does ("xor-051", "xor-000"); a copy has another one.
    """
    cells = read_notebook(path)["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    tagged = [cell for cell in code if "program" in cell["metadata"].get("tags", ())]
    series = _prefix(cells[0]) if cells else ""
    own = [cell for cell in tagged if series and _prefix(cell) == series]
    sources = ["".join(cell["source"]) for cell in own or tagged]
    return list(dict.fromkeys(re.sub("\r\n?", "\n", source) for source in sources))


def _prefix(cell):
    return str(cell.get("id")).rpartition("-")[0]


def _lines(count, what=""):
    return f"{count} line{'' if count == 1 else 's'}{what}"


# -- recall -----------------------------------------------------------------------------------


class Recalled(Shown):
    """A program on the page; `source` is its text."""

    def __init__(self, number, source):
        self.source = source
        length = len(source.splitlines())
        title = f"The program so far (notebook {number}, {_lines(length)})"
        self.text = f"{title}\n\n{source}"
        self.html = (
            f'<details{" open" if length <= FOLD else ""}><summary style="margin:.4em 0;">{title}'
            f'</summary>\n<pre style="{PANEL}">{highlighted(source)}</pre>\n</details>'
        )


def recall(lesson, notebooks=None):
    """Show a lesson's program, highlighted; a long one starts folded. See `program`."""
    return Recalled(two_digits(lesson), program(lesson, notebooks))


def highlighted(source):
    """Python source as HTML with inline colours."""
    from pygments.lexers import PythonLexer

    parts = []
    for token, text in PythonLexer(stripnl=False).get_tokens(source):
        text = html.escape(text, quote=False)
        name = str(token).removeprefix("Token.")
        style = next((v for k, v in _TOKENS.items() if (name + ".").startswith(k + ".")), None)
        if style and text.strip():
            text = f'<span style="color:{style[0]};font-weight:{style[1]};">{text}</span>'
        parts.append(text)
    return "".join(parts)


# -- export and run ---------------------------------------------------------------------------


def export(lesson, path, overwrite=False, notebooks=None):
    """Write a lesson's program as a plain script; returns its path.

    FileExistsError if a different file is there already and `overwrite` is False; other line ends
    and a byte order mark are no difference.
    """
    source, path = program(lesson, notebooks), Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if path.exists() and not overwrite:
        if path.read_text(encoding="utf-8-sig", errors="replace") == source:
            return path
        raise FileExistsError(f"{path} exists and differs; overwrite=True replaces it")
    with replacing(path) as file:
        file.write(source.encode())
    return path


def run(lesson, timeout=60, notebooks=None):
    """Run a lesson's program alone, in an empty folder and a new Python; return what it prints.

    RuntimeError, with the end of the traceback, if the program fails; TimeoutError if it takes
    longer than `timeout` seconds.
    """
    number, source = two_digits(lesson), program(lesson, notebooks)
    package = str(Path(__file__).resolve().parents[2])
    others = [p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([package, *others]),
        "PYTHONUTF8": "1",
        "MPLBACKEND": "Agg",
    }
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as home:
        script = Path(home) / f"program_{number}.py"
        script.write_text(source, encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, str(script)],
                cwd=empty,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            message = f"the program of notebook {number} did not end within {timeout} s"
            raise TimeoutError(message) from None
    if done.returncode:
        end = "\n".join(done.stderr.replace(str(script), script.name).splitlines()[-6:])
        raise RuntimeError(f"the program of notebook {number} failed:\n{end}")
    return done.stdout


# -- difference -------------------------------------------------------------------------------


def compare(old, new):
    """Line-by-line difference of two texts: a list of (mark, old line or None, new line or None).

    The mark is "=" (same), "~" (changed), "−" (removed) or "+" (added).
    """
    a, b = old.splitlines(), new.splitlines()
    matcher = difflib.SequenceMatcher(lambda line: not line.strip(), a, b, autojunk=False)
    rows = []
    for what, i, i2, j, j2 in matcher.get_opcodes():
        if what == "equal":
            rows += [("=", p, q) for p, q in zip(a[i:i2], b[j:j2], strict=True)]
        else:
            rows += _pairs(a[i:i2], b[j:j2])
    return rows


def _alike(p, q):
    """How alike two lines are (0 to 1); lines below 0.6 are not one line changed."""
    if not p.strip() or not q.strip():
        return 1.0 if p.strip() == q.strip() else 0.0
    ratio = difflib.SequenceMatcher(None, _words(p), _words(q), autojunk=False).ratio()
    return ratio if ratio >= 0.6 else 0.0


def _pairs(old, new):
    """Match the lines of a replaced block, in order, so that alike lines meet."""
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    alike = [[_alike(p, q) for q in new] for p in old]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            both = alike[i][j] + best[i + 1][j + 1] if alike[i][j] else 0.0
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    rows, i, j = [], 0, 0
    while i < len(old) or j < len(new):
        inside = i < len(old) and j < len(new)
        if inside and alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            rows.append(("=" if old[i] == new[j] else "~", old[i], new[j]))
            i, j = i + 1, j + 1
        elif j == len(new) or (i < len(old) and best[i][j] == best[i + 1][j]):
            rows.append(("−", old[i], None))
            i += 1
        else:
            rows.append(("+", None, new[j]))
            j += 1
    return rows


def _words(line):
    return re.findall(r"\w+|\s+|[^\w\s]", line)


class Difference(Shown):
    """Two programs compared; `changed`, `added`, `removed` count the lines that are not blank."""

    def __init__(self, first, second, old, new, context=CONTEXT):
        self.rows = compare(old, new)
        written = [m for m, p, q in self.rows if (p or "").strip() or (q or "").strip()]
        self.changed, self.added, self.removed = (written.count(m) for m in "~+−")
        counts = [(self.changed, "changed"), (self.added, "added"), (self.removed, "removed")]
        told = [f"{n} {word}" for n, word in counts if n]
        if told:
            number, word = told[0].split()
            told[0] = _lines(int(number), f" {word}")
        self.title = f"from notebook {first} to {second}: {', '.join(told) or 'no line changed'}"
        a, b = old.splitlines(), new.splitlines()
        n = max(len(a), len(b)) if context is None else context
        names = f"notebook {first}", f"notebook {second}"
        unified = difflib.unified_diff(a, b, *names, n=n, lineterm="")
        self.text = "\n".join([self.title, *unified])
        body = "".join(_html_rows(self.rows, context))
        self.html = (
            f'<div style="margin:.4em 0;">{self.title} '
            "(<b>+</b> added, <b>−</b> removed, <b>~</b> changed: before and after)</div>\n"
            f'<pre style="{PANEL}">{body}</pre>'
        )


def difference(first, second, context=CONTEXT, notebooks=None):
    """Show as a `Difference` what changed from one lesson's program to another's.

    `context` is the number of unchanged lines around a change; None shows all.
    """
    old, new = program(first, notebooks), program(second, notebooks)
    return Difference(two_digits(first), two_digits(second), old, new, context)


def _html_rows(rows, context):
    near = set()
    for i, row in enumerate(rows):
        if row[0] != "=":
            reach = len(rows) if context is None else context
            near |= set(range(max(0, i - reach), min(len(rows), i + reach + 1)))
    for i, j in itertools.pairwise(sorted(near)):
        near |= set(range(i, j)) if j - i <= 4 else set()  # three lines are not worth a fold
    out, skipped = [], 0
    for i, (mark, old, new) in enumerate(rows):
        if mark == "=" and i not in near:
            skipped += 1
            if i + 1 == len(rows) or i + 1 in near:
                words = f"   ⋯ {_lines(skipped)} unchanged\n"
                out.append(f'<span style="color:{SOFT};">{words}</span>')
                skipped = 0
        elif mark == "=":
            out.append(f"   {html.escape(new, quote=False)}\n")
        elif mark == "~":
            before, after = _marked(old, new)
            out += [_row("~−", before, REMOVED[0]), _row("~+", after, ADDED[0])]
        elif mark == "−":
            out.append(_row(" −", html.escape(old, quote=False), REMOVED[0]))
        else:
            out.append(_row(" +", html.escape(new, quote=False), ADDED[0]))
    return out


def _row(mark, text, background):
    style = f"color:{INK};background:{background};display:inline-block;min-width:100%;"
    return f'<span style="{style}"><b>{mark}</b> {text}</span>\n'


def _marked(old, new):
    """The two forms of a changed line as HTML, with the words that differ marked."""
    a, b = _words(old), _words(new)
    before, after = [], []
    for what, i, i2, j, j2 in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        p = html.escape("".join(a[i:i2]), quote=False)
        q = html.escape("".join(b[j:j2]), quote=False)
        if what != "equal":
            p = p and f'<span style="background:{REMOVED[1]};font-weight:bold;">{p}</span>'
            q = q and f'<span style="background:{ADDED[1]};font-weight:bold;">{q}</span>'
        before.append(p)
        after.append(q)
    return "".join(before), "".join(after)
