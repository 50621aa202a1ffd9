"""The self-test of notebook 00 passes here, and says what to do where something is amiss."""

from importlib import metadata

import pytest

from nbhelpers.teaching import self_test


def test_everything_is_in_place_here():
    report = self_test.run()
    assert report.passed, report.text
    assert len(report.lines) == len(self_test.TESTS)
    assert all(line.startswith("✓ ") for line in report.lines)
    assert "60,000 + 10,000" in report.text


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ({"numpy": "1.20.3"}, "numpy 1.20.3 is too old, 1.26 is needed: run pip install"),
        ({"ipykernel": "7.0.1"}, "7.0.1 can stop hearing sliders: run pip install"),
        ({"ipykernel": "7.4.0"}, "7.4.0 can stop hearing sliders: run pip install"),
        ({"matplotlib": None}, "matplotlib is missing: run pip install"),
        ({"scikit-learn": "1.5.2rc1"}, "scikit-learn 1.5.2rc1 is too old, 1.6 is needed"),
        ({"numpy": "unknown"}, "numpy unknown is too old, 1.26 is needed: run pip install"),
    ],
)
def test_wrong_versions_are_told_with_what_to_do(versions, words, monkeypatch):
    true_version = metadata.version

    def version(name):
        if name in versions and versions[name] is None:
            raise metadata.PackageNotFoundError(name)
        return versions.get(name) or true_version(name)

    monkeypatch.setattr(self_test.metadata, "version", version)
    report = self_test.run()
    assert not report.passed
    assert words in report.text
    assert "Something is missing" in report.text


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("1.26.4", (1, 26)),
        ("2.5rc1", (2, 5)),
        ("3.11.dev1+g12ab", (3, 11)),
        ("v2.0", (2, 0)),
        ("8", (8, 0)),
        ("unknown", ()),
        (None, ()),  # what importlib.metadata gives where the metadata is damaged
    ],
)
def test_odd_versions_can_be_compared(version, numbers):
    assert self_test.release(version) == numbers


@pytest.mark.parametrize("error", [SystemExit(3), ImportError("no <module>"), OSError("gone")])
def test_what_breaks_becomes_a_line_and_the_rest_goes_on(error):
    def broken():
        raise error

    report = self_test.run([broken, self_test.python])
    assert not report.passed
    assert report.lines[0].startswith(f"✗ broken: {type(error).__name__}: ")
    assert "pip install" in report.lines[0]
    assert "<module>" not in report.html
    assert report.lines[1].startswith("✓ Python 3")


def test_missing_data_is_told_with_the_file_and_the_rest_goes_on(monkeypatch, tmp_path):
    missing = tmp_path / "train-images"
    monkeypatch.setattr("nbhelpers.datasets.mnist", missing.read_bytes)
    report = self_test.run()
    assert not report.passed
    assert [line[0] for line in report.lines].count("✗") == 1
    assert "train-images" in report.text


@pytest.mark.parametrize(("platform", "passed"), [("emscripten", True), ("linux", False)])
def test_in_a_browser_scikit_learn_is_fetched_later(monkeypatch, platform, passed):
    real = self_test.metadata.version

    def version(name):
        if name == "scikit-learn":
            raise self_test.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(self_test.metadata, "version", version)
    monkeypatch.setattr(self_test.sys, "platform", platform)
    report = self_test.run([self_test.packages])
    assert report.passed == passed
    assert "numpy" in report.text or not passed
