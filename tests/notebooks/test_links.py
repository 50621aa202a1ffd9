"""Every cross-reference resolves, and every link to the web is well-formed.

Looked at are the notebooks, README.md and the lecturer's guide, the questions and hints, and the
docstrings of the package. That an address on the web answers can't be tested without the network.
"""

import ast
import inspect
import pkgutil
import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from notebook_tools import FOLDER, ROOT, cells, notebooks, read

from nbhelpers.__main__ import VERBS
from nbhelpers.playgrounds import PLAYGROUNDS
from nbhelpers.playgrounds.engine.experiment import Experiment

NUMBERS = {path.stem[:2]: path for path in notebooks()}
README = ROOT / "README.md"
DOCUMENTS = [README, ROOT / "data/README.md", *sorted(FOLDER.glob("*.md"))]
MODULES = sorted((ROOT / "nbhelpers").rglob("*.py"))
OURS = {path.stem for path in (ROOT / "nbhelpers").iterdir() if path.stem[0] not in "_."}


@cache
def prose(path):
    """The words of a notebook (Markdown), a document, or a module (its strings)."""
    if path.suffix == ".ipynb":
        return "\n\n".join(cell.source for cell in cells(read(path), kind="markdown"))
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        tree = ast.walk(ast.parse(text))
        strings = [n.value for n in tree if isinstance(n, ast.Constant)]
        return "\n\n".join(s for s in strings if isinstance(s, str))
    return text


def without_code(text):
    """Markdown without its fenced blocks and code in lines."""
    return re.sub(r"^```.*?^```|`[^`\n]*`", "", text, flags=re.DOTALL | re.MULTILINE)


def quoted(text):
    """The pieces of code within the lines of a Markdown text."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"`([^`\n]+)`", text)


def each(paths):
    """Run a test once for each of these files."""
    return pytest.mark.parametrize(
        "path", paths, ids=lambda path: path.relative_to(ROOT).as_posix()
    )


# -- links ------------------------------------------------------------------------------------


def wrong_address(address):
    """What is wrong with an address on the web, or None."""
    parts = urlsplit(address)
    if parts.scheme != "https":
        return "not https"
    if not re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?", parts.netloc):
        return "no host"
    if re.search(r"[\s<>\"{}|\\^`*]", address) or not address.isascii():
        return "characters that an address can't have"
    if re.search(r"%(?![0-9A-Fa-f]{2})", address):
        return "a % that encodes nothing"
    if address[-1] in ".,;:!?'" or address.count("(") != address.count(")"):
        return "it runs into the sentence"
    return None


@each([*NUMBERS.values(), *DOCUMENTS])
def test_links(path):
    """In Markdown: to a file that exists, a heading that exists, or a well-formed address."""
    text = without_code(prose(path))
    for target in re.findall(r"\]\(\s*<?((?:[^()\s]|\([^()\s]*\))*)>?[^)]*\)", text):
        if "://" in target or target.startswith("mailto:"):
            assert wrong_address(target) is None, target
            continue
        file, _, fragment = target.partition("#")
        linked = path.parent / file if file else path
        assert linked.exists(), target
        if fragment:
            assert fragment.lower() in anchors(linked), target
    for address in re.findall(r"\bhttps?:[^\s)\]>\"]+(?:\([^)\s]*\)[^\s)\]>\"]*)*", text):
        assert wrong_address(address.rstrip(".,;:")) is None, address
    assert not re.search(r"\]\s+\(https?:|\]\(\s*\)", text)


@cache
def anchors(path):
    """Names of the headings of a Markdown document or notebook, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(prose(path)), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@each(MODULES)
def test_addresses_in_modules(path):
    for address in re.findall(r"https?://[^\s`'\"<>{}]+", prose(path)):
        address = address.rstrip(".,;:").removesuffix(")" if "(" not in address else "")
        local = re.match(r"https?://(localhost|127\.0\.0\.1)", address)
        assert local or wrong_address(address) in (None, "no host", "not https"), address


# -- notebooks, exercises, sections --------------------------------------------------------------


@each([*NUMBERS.values(), *DOCUMENTS, *MODULES])
def test_notebooks_that_are_named_exist(path):
    for named in re.findall(
        r"\b[Nn]otebooks? (\d\d(?:(?:, | and | to | or |, and )\d\d)*)", prose(path)
    ):
        for number in re.findall(r"\d\d", named):
            assert number in NUMBERS, f"notebook {number}"
    for file in re.findall(r"\b\d\d_\w+(?:\.ipynb)?\b", prose(path)):
        if path.suffix != ".py":
            assert (FOLDER / f"{file.removesuffix('.ipynb')}.ipynb").exists(), file


def exercises(number):
    """Numbers of the exercises of a notebook, as its headings have them."""
    found = re.findall(r"^#+ Exercise (\d+)\b", prose(NUMBERS[number]), re.MULTILINE)
    return [int(n) for n in found]


@each([path for number, path in NUMBERS.items() if number != "00"])
def test_exercises_are_numbered(path):
    numbers = exercises(path.stem[:2])
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == len(cells(read(path), "exercise", "code"))


@each([*NUMBERS.values(), *MODULES])
def test_exercises_that_are_named_exist(path):
    """ "exercise 3" is one of the same notebook; "exercise 3 of notebook 07" one of that."""
    text = prose(path)
    there = re.findall(r"\bexercises? (\d+)(?: and (\d+))? (?:of|in) notebook (\d\d)", text)
    there += [(n, "", k) for k, n in re.findall(r"\bnotebook (\d\d), exercise (\d+)", text)]
    for first, second, number in there:
        assert {int(n) for n in (first, second) if n} <= set(exercises(number)), (first, number)
    if path.suffix == ".ipynb":
        here = re.findall(
            r"(?<!notebook \d\d, )\bexercise (\d+)(?! (?:of|in) notebook| and \d+ of)", text
        )
        assert {int(n) for n in here} <= set(exercises(path.stem[:2]))


@each([path for number, path in NUMBERS.items() if number != "00"])
def test_the_place_for_a_break_exists(path):
    """The first cell names a section in italics."""
    first = read(path).cells[0].source
    headings = re.findall(r"^#+ (.*)$", prose(path), re.MULTILINE)
    for named in re.findall(r"\b(?:before|after) \*([^*]+)\*", first):
        assert named in headings, named


# -- names of the package and of files ------------------------------------------------------------


def resolve(name):
    """The object that a dotted name means: nbhelpers.network.MLP, warps.shift, np.where.

    Raises AttributeError or ImportError if there is none.
    """
    first, _, rest = name.partition(".")
    first = {"np": "numpy", "nbhelpers": "nbhelpers"}.get(first, f"nbhelpers.{first}")
    return pkgutil.resolve_name(f"{first}.{rest}")


def named(code):
    """The names of ours and of NumPy's in a piece of code: dotted, and not an attribute."""
    for name in re.findall(r"(?<![\w./\"'])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", code):
        first, second = name.split(".")[:2]
        if first in {"np", "nbhelpers", *OURS} and second not in ("py", "npz", "ipynb", "json"):
            yield name


@each([*NUMBERS.values(), *DOCUMENTS, *MODULES])
def test_names_resolve(path):
    text = prose(path)
    for code in quoted(text):
        for name in named(code):
            resolve(name)
    for verb in re.findall(r"python -m nbhelpers\b(\S*(?: [a-z]+)?)", text):
        assert verb.strip() in {"", *VERBS}, verb


MADE = {"digits_98.npz", "digits_99.npz", "xor.py"}  # by the notebooks, and by an example


@each([*NUMBERS.values(), *DOCUMENTS, *MODULES])
def test_files_that_are_named_exist(path):
    """`tests/benchmarks/training.py`, `nbhelpers/network.py`, `data/`, also with a word behind."""
    roots = "|".join(("tests", "nbhelpers", "notebooks", "data", r"\.ci"))
    for code in quoted(prose(path)):
        for file in re.findall(rf"(?:^|(?<=\s))((?:{roots})/[\w./*-]*)", code):
            if Path(file).name not in MADE:
                assert list(ROOT.glob(file.rstrip("/"))), file


# -- playgrounds and their settings ---------------------------------------------------------------


def used(path):
    """Names of the playgrounds that a notebook opens."""
    code = "\n".join(cell.source for cell in cells(read(path), kind="code"))
    return re.findall(r"\bplaygrounds\.(\w+)\(", code)


def experiments(playground):
    """The experiments in the module of a playground."""
    module = inspect.getmodule(PLAYGROUNDS[playground])
    classes = [c for c in vars(module).values() if inspect.isclass(c)]
    return [c for c in classes if issubclass(c, Experiment) and hasattr(c, "Settings")]


def accepted(text, playgrounds):
    """Whether one of these playgrounds takes a settings string."""
    for playground in playgrounds:
        for experiment in experiments(playground):
            try:
                experiment.Settings.parse(text, experiment.most_steps)
            except ValueError:
                continue
            return True
    return False


def settings_strings(text):
    """The settings strings in a text: `a=1,b=2`, with no spaces round the signs."""
    return [code for code in quoted(text) if re.fullmatch(r"\w+=[^,=()]+(,\w+=[^,=()]+)+", code)]


def test_the_readme_names_every_playground():
    named = {code.removeprefix("playgrounds.").removesuffix("()") for code in quoted(prose(README))}
    assert set(PLAYGROUNDS) <= named


@each([*NUMBERS.values(), *DOCUMENTS])
def test_settings_strings_are_taken(path):
    """By a playground of the notebook; in a document, by any."""
    playgrounds = used(path) if path.suffix == ".ipynb" else PLAYGROUNDS
    for text in settings_strings(prose(path)):
        if "…" not in text and not re.search(r", ", text):
            assert accepted(text, playgrounds), text


def test_wrong_settings_would_be_seen():
    assert settings_strings("Try `hidden=1,steps=10` and `axis=1`.") == ["hidden=1,steps=10"]
    assert accepted("hidden=1,steps=10", ["xor"])
    assert not accepted("hidden=1,step=10", ["xor"])
    assert not accepted("hidden=1000,steps=10", ["xor"])
