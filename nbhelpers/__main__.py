"""What a lecturer or an author does with the series, from the command line.

python -m nbhelpers --help
python -m nbhelpers handouts --help
"""

import argparse
import sys
from pathlib import Path


def handouts(asked):
    """Write notebooks as web pages: one file each, pictures inside, readable without a network."""
    from nbhelpers.publishing import handouts

    for page in handouts.write(asked.out, chosen(asked)):
        print("wrote", page)


def site(asked):
    """Build a web site on which the notebooks run in the reader's browser."""
    from nbhelpers.publishing.site import site

    print("wrote", site(asked.out, asked.pyodide))


def slides(asked):
    """Sort the cells onto slides; `jupyter nbconvert --to slides NOTEBOOK` then makes the talk."""
    from nbhelpers.publishing import slides

    for path in chosen(asked):
        print(f"{path.name}: {slides.mark(path)} slides")


def student(asked):
    """Write copies for students, without solutions, answers and outputs."""
    from nbhelpers.publishing.student import student

    written = student(asked.out, asked.lesson, asked.outputs, asked.overwrite, asked.notebooks)
    print(f"notebooks written into {asked.out}: {len(written)}")


def program(asked):
    """Print the program that a notebook arrives at."""
    from nbhelpers.teaching import lessons

    print(lessons.program(asked.lesson, asked.notebooks), end="")


def export(asked):
    """Write that program into a file that runs alone."""
    from nbhelpers.teaching import lessons

    print("wrote", lessons.export(asked.lesson, asked.file, asked.overwrite, asked.notebooks))


def difference(asked):
    """Print what changes from one notebook's program to another's."""
    from nbhelpers.teaching import lessons

    print(lessons.difference(asked.first, asked.second, notebooks=asked.notebooks))


def publish(asked):
    """Write the project's name on GitHub into all links."""
    from nbhelpers.publishing import links

    changed = links.publish(asked.repository, asked.ref, site=asked.site)
    print(f"{', '.join(links.setting(links.ROOT))}: {len(changed)} files changed")


def execute(asked):
    """Run notebooks from top to bottom and store them clean, as they are committed."""
    from nbhelpers.publishing import execute

    return execute.run(chosen(asked), asked.check, asked.timeout)


def chosen(asked):
    """Paths of the notebooks that were named; of all if none was."""
    from nbhelpers.teaching.notebook_files import folder, numbered

    return asked.notebook or numbered(folder())


LESSON = {"metavar": "NUMBER", "help": "of a notebook: 01, 02, …"}
SOME = {"nargs": "*", "metavar": "NUMBER", "help": "of notebooks: 01, 02, …; default: all"}
FILES = {"nargs": "*", "type": Path, "metavar": "NOTEBOOK", "help": "a file; default: all"}
ORIGINALS = {"metavar": "FOLDER", "help": "with the notebooks; default: that of the project"}
#: verb -> (function, example, its arguments: names, and what argparse wants to know of them)
VERBS = {
    "handouts": (
        handouts,
        "handouts pages",
        ["out", {"type": Path, "metavar": "OUT", "help": "folder for the pages"}],
        ["notebook", FILES],
    ),
    "site": (
        site,
        "site OUT",
        ["out", {"type": Path, "metavar": "OUT", "help": "a new folder"}],
        [
            "--pyodide",
            {"help": "a folder with Pyodide, or its address; default: that of its network"},
        ],
    ),
    "slides": (slides, "slides notebooks/01_xor_loop.ipynb", ["notebook", FILES]),
    "student": (
        student,
        "student copies 01 02",
        ["out", {"metavar": "OUT", "help": "a new folder"}],
        ["lesson", SOME],
        ["--outputs", {"action": "store_true", "help": "keep what the cells have put out"}],
        ["--overwrite", {"action": "store_true", "help": "the folder needn't be empty"}],
        ["--notebooks", ORIGINALS],
    ),
    "program": (program, "program 07", ["lesson", LESSON], ["--notebooks", ORIGINALS]),
    "export": (
        export,
        "export 01 xor.py",
        ["lesson", LESSON],
        ["file", {"metavar": "FILE", "help": "a new file"}],
        ["--overwrite", {"action": "store_true", "help": "replace another file of this name"}],
        ["--notebooks", ORIGINALS],
    ),
    "difference": (
        difference,
        "difference 06 07",
        ["first", LESSON],
        ["second", LESSON],
        ["--notebooks", ORIGINALS],
    ),
    "publish": (
        publish,
        "publish OWNER/REPO --ref v1.0",
        ["repository", {"metavar": "OWNER/REPO", "help": "or its address"}],
        ["--ref", {"help": "branch or tag; default: as before"}],
        ["--site", {"metavar": "ADDRESS", "help": "of the site, if there is one"}],
    ),
    "execute": (
        execute,
        "execute notebooks/01_xor_loop.ipynb",
        ["notebook", FILES],
        ["--check", {"action": "store_true", "help": "only tell whether they are stored clean"}],
        ["--timeout", {"type": float, "default": 300, "help": "seconds for a cell (300)"}],
    ),
}


def parser():
    """The parser of the command line."""
    look = {"formatter_class": argparse.RawDescriptionHelpFormatter}
    examples = "\n".join(f"  python -m nbhelpers {example}" for _, example, *_ in VERBS.values())
    whole = argparse.ArgumentParser(
        prog="python -m nbhelpers",
        description=__doc__.splitlines()[0],
        epilog=f"for example:\n{examples}\n\npython -m nbhelpers VERB --help tells more of one.",
        **look,
    )
    verbs = whole.add_subparsers(dest="verb", metavar="VERB", title="verbs")
    for verb, (function, example, *wanted) in VERBS.items():
        words = function.__doc__
        epilog = f"for example:\n  python -m nbhelpers {example}"
        its = verbs.add_parser(verb, help=words, description=words, epilog=epilog, **look)
        for name, options in wanted:
            its.add_argument(name, **options)
    return whole


def main(arguments=None):
    """Do what the arguments say; return the exit status: 0, or 1 if something was wrong."""
    asked = parser().parse_args(arguments)
    if asked.verb is None:
        parser().print_help(sys.stderr)
        return 1
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        return VERBS[asked.verb][0](asked) or 0
    except ImportError as error:
        print(f"{error}: run pip install -r requirements.txt", file=sys.stderr)
    except OSError as error:
        named = error.strerror and error.filename  # else it has words of our own
        print(f"{error.filename}: {error.strerror}" if named else error, file=sys.stderr)
    except ValueError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
