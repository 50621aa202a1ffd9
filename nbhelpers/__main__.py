"""What a lecturer or an author does with the series, from the command line.

python -m nbhelpers --help
python -m nbhelpers handouts --help
"""

import argparse
import sys
from pathlib import Path


def publish(asked):
    """Write the project's name on GitHub into all links; without one, that of git's remote."""
    from nbhelpers.publishing import links

    repository = links.remote(links.ROOT) if asked.repository is None else asked.repository
    changed = links.publish(repository, asked.ref)
    print(f"{', '.join(links.setting(links.ROOT))}: {len(changed)} files changed")


def student(asked):
    """Write copies of the notebooks without solutions, answers and outputs."""
    from nbhelpers.publishing.student import student

    written = student(asked.out, asked.lesson, asked.outputs, asked.overwrite, asked.notebooks)
    print(f"notebooks written into {asked.out}: {len(written)}")


def handouts(asked):
    """Write the notebooks as web pages that need no network, one file each."""
    from nbhelpers.publishing import handouts

    for page in handouts.write(asked.out, chosen(asked)):
        print("wrote", page)


def slides(asked):
    """Mark which cell is on which slide, for `jupyter nbconvert --to slides NOTEBOOK`."""
    from nbhelpers.publishing import slides

    for path in chosen(asked):
        print(f"{path.name}: {slides.mark(path)} slides")


def program(asked):
    """Print a notebook's program."""
    from nbhelpers.teaching import lessons

    print(lessons.program(asked.lesson, asked.notebooks), end="")


def export(asked):
    """Write a notebook's program as a script that runs alone."""
    from nbhelpers.teaching import lessons

    print("wrote", lessons.export(asked.lesson, asked.file, asked.overwrite, asked.notebooks))


def difference(asked):
    """Print what changes from one notebook's program to another's."""
    from nbhelpers.teaching import lessons

    print(lessons.difference(asked.first, asked.second, notebooks=asked.notebooks))


def execute(asked):
    """Run notebooks from top to bottom and store them clean, as they are committed."""
    from nbhelpers.publishing import execute

    return execute.run(chosen(asked), asked.check, asked.timeout)


def chosen(asked):
    """Paths of the notebooks that were named; of all if none was."""
    from nbhelpers.teaching.notebook_files import folder, numbered

    return asked.notebook or numbered(folder())


LESSON = "its number: 01, 02, …"
#: verb -> (function, its arguments: names, and what argparse wants to know of them)
VERBS = {
    "publish": (
        publish,
        ["repository", {"nargs": "?", "metavar": "OWNER/REPO"}],
        ["--ref", {"help": "branch or tag; default: the present one"}],
    ),
    "student": (
        student,
        ["out", {"help": "a new folder"}],
        ["lesson", {"nargs": "*", "help": f"{LESSON}; default: all"}],
        ["--outputs", {"action": "store_true", "help": "keep what the cells have put out"}],
        ["--overwrite", {"action": "store_true", "help": "the folder needn't be empty"}],
        ["--notebooks", {"help": "folder with the originals"}],
    ),
    "handouts": (
        handouts,
        ["out", {"type": Path, "help": "folder for the pages"}],
        ["notebook", {"nargs": "*", "type": Path, "help": "default: all"}],
    ),
    "slides": (slides, ["notebook", {"nargs": "*", "type": Path, "help": "default: all"}]),
    "program": (
        program,
        ["lesson", {"help": LESSON}],
        ["--notebooks", {"help": "folder with the notebooks"}],
    ),
    "export": (
        export,
        ["lesson", {"help": LESSON}],
        ["file", {"help": "where to write it, for instance xor.py"}],
        ["--overwrite", {"action": "store_true", "help": "replace another file of this name"}],
        ["--notebooks", {"help": "folder with the notebooks"}],
    ),
    "difference": (
        difference,
        ["first", {"help": LESSON}],
        ["second", {"help": LESSON}],
        ["--notebooks", {"help": "folder with the notebooks"}],
    ),
    "execute": (
        execute,
        ["notebook", {"nargs": "*", "type": Path, "help": "default: all"}],
        ["--check", {"action": "store_true", "help": "only tell whether they are stored clean"}],
        ["--timeout", {"type": float, "default": 300, "help": "seconds for a cell (300)"}],
    ),
}


def main(arguments=None):
    """Do what the arguments say; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m nbhelpers", description=__doc__.splitlines()[0]
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", title="verbs")
    for verb, (function, *wanted) in VERBS.items():
        words = function.__doc__
        its = verbs.add_parser(verb, help=words, description=words)
        for name, options in wanted:
            its.add_argument(name, **options)
    asked = parser.parse_args(arguments)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    try:
        return VERBS[asked.verb][0](asked) or 0
    except ImportError as error:
        print(f"{error}: run pip install -r requirements.txt", file=sys.stderr)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
