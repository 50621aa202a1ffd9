"""What a reader predicts and solves is there again on another day: in a new kernel."""

import json

import pytest

from nbhelpers.teaching import bank, checks, my_network, progress, questions

LINE, NEURON = "xor_loop.one_line", "xor_loop.neuron"
DAMAGED = [
    "{",
    "[]",
    "{}",
    '{"version": 2}',
    '{"version": 1, "passed": [1]}',
    '{"version": 1, "predicted": {"a": 1}}',
]


def another_day():
    checks.reset()
    questions._asked.clear()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The reader's own folder, which isn't there yet."""
    monkeypatch.delenv(my_network.SWITCH)
    monkeypatch.setattr(my_network, "cache_folder", lambda: tmp_path / "own")
    another_day()
    yield tmp_path / "own"
    another_day()


def test_a_prediction_is_there_on_another_day_until_another_one_is_made(folder):
    name = next(f"xor_loop.{name}" for name in bank.questions("xor_loop"))
    questions.ask(name).buttons[1].click()
    another_day()
    again = questions.ask(name)
    assert again.choice == "B"
    assert "You predict: <b>B</b>" in again.said.value
    assert questions.reveal(name).choice == "B"
    assert questions.ask(name).choice is None, "revealed: run again, it is asked anew"
    questions.ask(name).choose("A")
    another_day()
    assert questions.reveal(name).choice == "A", "though nobody has asked today"
    another_day()
    assert questions.ask(name).choice == "A"


def test_an_option_that_is_gone_or_has_moved(folder):
    name = next(f"xor_loop.{name}" for name in bank.questions("xor_loop"))
    questions.ask(name).choose(0)
    kept = json.loads((folder / "progress.json").read_text("utf-8"))
    words = [line.partition(". ")[2] for line in questions.ask(name).text.split("\n  ")[1:]]
    assert kept["predicted"] == {name: words[0]}, "in words, which have no number"
    for option, choice in ((words[1], "B"), ("an option of another year", None)):
        (folder / "progress.json").write_text(json.dumps(kept | {"predicted": {name: option}}))
        another_day()
        assert questions.ask(name).choice == choice


def test_what_passed_is_done_on_another_day_and_the_latest_answer_counts(folder):
    reference = bank.exercise(NEURON).reference
    assert "No exercise" in checks.report().text
    checks.check(NEURON, lambda *arguments: 0)
    assert not folder.exists(), "nothing to keep yet"
    checks.check(NEURON, reference)
    another_day()
    assert checks.report().done == checks.report("xor_loop").done == [NEURON]
    checks.check(NEURON, lambda *arguments: 0)
    assert checks.report().done == []
    another_day()
    assert checks.report().done == [NEURON], "it has passed once"


def test_two_notebooks_and_lessons_that_are_gone(folder):
    progress.keep_passed("start_here.weighted_sum")
    progress.keep_passed("gone.exercise")
    kept = json.loads((folder / "progress.json").read_text("utf-8"))
    kept["passed"][NEURON] = "2025-10-01"  # written meanwhile
    (folder / "progress.json").write_text(json.dumps(kept))
    progress.keep_passed(NEURON)
    progress.keep_passed("bias.output_bias")
    assert progress.passed()[NEURON] == "2025-10-01", "the first day"
    assert list(progress.passed()) == [*kept["passed"], "bias.output_bias"]
    assert checks.report("start_here").done == ["start_here.weighted_sum"]
    assert NEURON in checks.report().done


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_put_aside(folder, text):
    folder.mkdir()
    (folder / "progress.json").write_text(text)
    progress.keep_passed(NEURON)
    assert list(progress.passed()) == [NEURON]
    assert (folder / "progress.json.damaged").read_text() == text


def test_where_nothing_can_be_written_or_is_to_be(folder, monkeypatch):
    folder.write_text("a file, where a folder should be")
    checks.check(NEURON, bank.exercise(NEURON).reference)
    assert checks.report().done == [NEURON], "as long as the kernel"
    assert progress.passed() == {}
    folder.unlink()
    monkeypatch.setenv(my_network.SWITCH, "off")
    progress.keep_passed(NEURON)
    progress.keep_prediction(LINE, "yes")
    assert (progress.passed(), progress.predicted(LINE)) == ({}, None)
    assert not folder.exists()
