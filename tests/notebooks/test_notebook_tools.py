"""What other tests rely on: exercises are solved in place, and what does not pass is found."""

import nbformat
import notebook_tools
import pytest
from made import code, markdown, tagged

from nbhelpers.publishing import execute as execute_notebooks

EXERCISE = """given = 3


def weighted_sum(x, w):
    return ...  # your code here

checks.check("start_here.weighted_sum", weighted_sum)"""
SOLUTION = """<details><summary>Solution</summary>

```python
def weighted_sum(x, w):
    return (x * w).sum()
```

</details>"""


def lesson(exercise=EXERCISE, solution=SOLUTION):
    cells = [code("from nbhelpers.teaching import checks"), tagged(exercise, "exercise")]
    solved = [tagged(solution, "solution", markdown)] if solution else []
    return nbformat.v4.new_notebook(cells=[*cells, markdown("between"), *solved])


def unpassed(notebook, folder):
    return notebook_tools.unpassed(execute_notebooks.execute(notebook, folder, timeout=60))


def test_solved_puts_the_solution_in_place_and_a_wrong_one_is_found(tmp_path):
    notebook = lesson()
    solved = notebook_tools.solved(notebook)
    source = solved.cells[1].source
    assert source.startswith("given = 3\n\ndef weighted_sum")
    assert source.endswith('checks.check("start_here.weighted_sum", weighted_sum)')
    assert "..." not in source
    assert notebook.cells[1].source == EXERCISE, "the notebook itself is unchanged"
    assert unpassed(solved, tmp_path) == []
    (failed,) = unpassed(notebook, tmp_path)
    assert "Not solved yet" in failed
    wrong = lesson(solution=SOLUTION.replace("(x * w).sum()", "x * w"))
    (failed,) = unpassed(notebook_tools.solved(wrong), tmp_path)
    assert "△ Not yet" in failed


def test_an_answer_that_later_cells_use_is_solved_and_checked_as_well(tmp_path):
    before, check = EXERCISE.split("checks.check")
    notebook = lesson(f"{before}weighted_sum = answers.use{check}")
    notebook.cells[0].source = "import numpy as np\n\nfrom nbhelpers.teaching import answers"
    notebook.cells.append(code("print(weighted_sum(np.ones(2), np.ones(2)))"))
    solved = notebook_tools.solved(notebook)
    assert solved.cells[1].source == (
        "given = 3\n\ndef weighted_sum(x, w):\n    return (x * w).sum()\n\n"
        'weighted_sum = answers.use("start_here.weighted_sum", weighted_sum)'
    )
    assert unpassed(solved, tmp_path) == []
    (failed,) = unpassed(notebook, tmp_path)
    assert "Not solved yet" in failed
    for each in (solved, notebook):  # ours takes the place of none
        assert each.cells[-1].outputs[0].text == "2.0\n"
    assert list(tmp_path.iterdir()) == [], "the command that stores notebooks writes nothing else"
    used = list(notebook_tools.used(notebook.cells[1].source))
    assert used == [(["weighted_sum"], "start_here.weighted_sum")]
    assert list(notebook_tools.used("a, b = answers.use('sgd.limits', (a, b))")) == [
        (["a", "b"], "sgd.limits")
    ]
    assert list(notebook_tools.used(EXERCISE)) == []


@pytest.mark.parametrize(
    ("exercise", "solution", "said"),
    [
        (EXERCISE, "", "without a solution"),
        (EXERCISE, "```python\nx = 1\n```", "a solution is <details>"),
        (EXERCISE, SOLUTION.replace("weighted_sum", "other"), "leaves open"),
        ("x = 1", SOLUTION, "without checks.check"),
    ],
)
def test_incomplete_exercises_are_refused(exercise, solution, said):
    with pytest.raises(ValueError, match=said):
        notebook_tools.solved(lesson(exercise, solution))


def test_a_given_line_after_the_answer_stays_after_it():
    exercise = "answer = ...\nprint(answer)\nchecks.check('a.b', answer)"
    solved = "answer = 3\n\nprint(answer)\n\nchecks.check('a.b', answer)"
    assert notebook_tools.solve(exercise, "answer = 3") == solved


def test_a_solution_may_have_words_around_its_code():
    wordy = SOLUTION.replace("```python", "Multiply, then add:\n\n```python")
    wordy = wordy.replace("</details>", "One number.\n\n</details>")
    for source in (SOLUTION, wordy):
        found = notebook_tools.solution_code(markdown(source))
        assert found == "def weighted_sum(x, w):\n    return (x * w).sum()"
    for source in (SOLUTION.replace("\n\n", "\n"), SOLUTION.replace("</details>", "")):
        with pytest.raises(ValueError, match="blank lines"):  # GitHub would not show the code
            notebook_tools.solution_code(markdown(source))
