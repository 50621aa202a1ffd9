"""The smallest examples at the heads of modules, as they stand there."""

import doctest
import re


def blocks(module):
    """The code of the literal blocks in a module's docstring, in their order."""
    found = re.findall(r"::\n((?:\n| {4}.*\n)+)", module.__doc__)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip() for block in found]


def example(module):
    """Run these blocks; returns the names that they define."""
    names = {"__name__": f"the example of {module.__name__}"}
    for block in blocks(module):
        exec(block, names)
    return names


def used(module, names):
    """Run the lines behind ">>>" with these names; returns how many ran, and what went wrong."""
    test = doctest.DocTestParser().get_doctest(module.__doc__, names, module.__name__, None, 0)
    wrong = []
    results = doctest.DocTestRunner(verbose=False).run(test, out=wrong.append)
    return results.attempted, "".join(wrong)
