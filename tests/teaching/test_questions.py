"""Predict first: real buttons are pressed, real kernels run, static pages are read."""

import re

import nbformat
import numpy as np
import pytest
from notebook_tools import plain_text, unreadable

from nbhelpers.publishing.execute import clean, execute
from nbhelpers.teaching import bank, questions
from nbhelpers.teaching.exercise import Question

VIEW = "application/vnd.jupyter.widget-view+json"
NONE = "No prediction yet: choose above, then run this cell"
LINES = Question(
    text="Can <i>one</i> line separate the points of <code>x<sub>1</sub> XOR x<sub>2</sub></code>?",
    options={
        "yes, always": "AND and OR can.",
        "no, never": "Both classes lie on a diagonal; a line would have to cross itself.",
        "only with a bias, which moves it": "C is what most people choose.",
    },
    answer="B",
)


@pytest.fixture(autouse=True)
def own_bank(monkeypatch):
    real = bank.questions
    monkeypatch.setattr(
        bank, "questions", lambda lesson: {"lines": LINES} if lesson == "test" else real(lesson)
    )
    questions._asked.clear()
    yield
    questions._asked.clear()


def test_buttons_choose_and_the_choice_may_change():
    asked = questions.ask("test.lines")
    assert [b.description for b in asked.buttons] == ["A", "B", "C"]
    assert asked.choice is None
    assert "Choose one" in asked.said.value
    asked.buttons[2].click()
    assert asked.choice == "C"
    assert [b.description for b in asked.buttons] == ["A", "B", "✓ C"]
    assert "You predict: <b>C</b>. Now go on, and see." in asked.said.value
    asked.buttons[1].click()
    assert asked.choice == "B"
    assert [b.description for b in asked.buttons] == ["A", "✓ B", "C"]
    assert [b.button_style for b in asked.buttons] == ["", "primary", ""]


def test_every_option_is_on_the_page_beside_its_button():
    asked = questions.ask("test.lines")
    head, *rows, said = asked.widget.children
    assert LINES.text.split("<code>")[0] in head.value
    assert said is asked.said
    for row, button, option in zip(rows, asked.buttons, LINES.options, strict=True):
        assert row.children[0] is button
        assert option in row.children[1].value


def test_reveal_shows_the_prediction_beside_the_answer():
    asked = questions.ask("test.lines").choose("C")
    revealed = questions.reveal("test.lines")
    assert (revealed.choice, revealed.answer, revealed.right) == ("C", "B", False)
    text = repr(revealed)
    assert "You predicted C; it is B" in text
    assert "C. only with a bias" in text
    assert "B. no, never" in text
    assert LINES.said(1) in text
    assert "About C: C is what most people choose." in text
    assert "AND and OR" not in text, "only what was chosen is explained"
    assert all(b.disabled for b in asked.buttons)
    asked.buttons[0].click()
    assert asked.choice == "C", "revealed: too late to change"
    assert questions.reveal("test.lines").choice == "C"


@pytest.mark.parametrize("right", [1, "B", "b", np.int64(1), np.str_("b")])
def test_a_right_prediction_is_told(right):
    questions.ask("test.lines").choose(right)
    revealed = questions.reveal("test.lines")
    assert revealed.right is True
    assert repr(revealed).startswith("✓ You predicted B")
    assert LINES.said(1) in repr(revealed)


def test_without_a_prediction_all_is_explained():
    for asked_before in (False, True):
        if asked_before:
            questions.ask("test.lines")
        revealed = questions.reveal("test.lines")
        assert (revealed.choice, revealed.right) == (None, None)
        assert repr(revealed).startswith(f"{NONE}\n  Answer: B.")
        assert re.search("<details><summary>.*Answer: .*</details>", revealed.html)
        assert "About A: AND and OR can." in repr(revealed)
        assert "About C: C is what most people choose." in repr(revealed)
    asked = questions.ask("test.lines")
    questions.reveal("test.lines")
    asked.buttons[1].click()
    assert questions.reveal("test.lines").right, "it is not too late to choose"


def test_asking_again_keeps_the_choice_until_the_reveal():
    questions.ask("test.lines").choose("a")
    again = questions.ask("test.lines")
    assert again.choice == "A"
    assert again.buttons[0].description == "✓ A"
    questions.reveal("test.lines")
    fresh = questions.ask("test.lines")
    assert fresh.choice is None
    assert not any(b.disabled for b in fresh.buttons)


@pytest.mark.parametrize("bad", ["D", "", "AB", -1, 3, None, 1.0, True, np.True_, "1"])
def test_an_option_that_does_not_exist_is_refused_with_those_that_do(bad):
    asked = questions.ask("test.lines").choose("A")
    with pytest.raises(ValueError, match="choose one of A, B, C"):
        asked.choose(bad)
    assert asked.choice == "A"


def test_static_forms_have_the_whole_question():
    bundle = questions.ask("test.lines")._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    text = bundle["text/plain"]
    assert "x_1 XOR x_2" in text
    assert "<" not in text
    for letter, option in zip("ABC", LINES.options, strict=True):
        assert f"{letter}. {option}" in text
        assert option in bundle["text/html"]
    assert bundle[VIEW]["model_id"]


def test_all_boxes_read_well_in_light_and_dark():
    asked = questions.ask("test.lines")
    seen = [asked.html, *(c.value for c in asked.widget.children if hasattr(c, "value"))]
    seen.append(questions.reveal("test.lines").html)
    for option in "ABC":
        asked = questions.ask("test.lines").choose(option)
        seen.append(asked.said.value)
        seen.append(questions.reveal("test.lines").html)
        seen.append(asked.said.value)
    for fragment in seen:
        assert unreadable(fragment) == []
        assert "<code>" not in fragment


@pytest.mark.parametrize(
    ("words", "options", "answer"),
    [
        ("options", {"one": "why"}, 0),
        ("options", "one text", 0),
        ("no option 'C'", {"one": "why", "two": "why not"}, "C"),
    ],
)
def test_a_badly_written_question_is_refused(words, options, answer):
    with pytest.raises(ValueError, match=words):
        Question("?", options, answer)


@pytest.mark.parametrize(
    "name", [f"{lesson}.{name}" for lesson in bank.lessons() for name in bank.questions(lesson)]
)
def test_every_question_of_the_bank_can_be_asked_and_revealed(name):
    question = bank.question(name)
    for i, said in enumerate(question.options.values()):
        assert said
        questions.ask(name).choose(i)
        revealed = questions.reveal(name)
        assert revealed.right is (i == question.answer)
        assert unreadable(revealed.html) == []


def test_in_a_notebook_run_from_top_to_bottom(tmp_path):
    sources = [
        "from nbhelpers.teaching import questions",
        'questions.ask("start_here.untrained")',
        'questions.reveal("start_here.untrained")',
        'asked = questions.ask("start_here.untrained").choose("C")\nasked',
        'questions.reveal("start_here.untrained")',
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = execute(nbformat.v4.new_notebook(cells=cells), tmp_path, timeout=60)
    _, ask, reveal, again, result = (cell.outputs for cell in notebook.cells)
    assert [len(o) for o in (ask, reveal, again, result)] == [1, 1, 1, 1]
    assert set(ask[0].data) == {VIEW, "text/html", "text/plain"}
    assert set(clean(notebook).cells[1].outputs[0].data) == {"text/html", "text/plain"}
    assert "B. about 500" in plain_text(ask[0])
    assert NONE in plain_text(reveal[0])
    assert "You predicted C; it is B" in plain_text(result[0])
