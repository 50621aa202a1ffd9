"""The self-test of notebook 00 passes here, and says what to do where something is amiss."""

from importlib import metadata

import pytest

from nbhelpers import self_test


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
        ({"ipykernel": "7.4.0"}, "7.4.0 freezes sliders"),
        ({"matplotlib": None}, "matplotlib is missing: run pip install"),
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


def test_missing_data_is_told_with_the_file_and_the_rest_goes_on(monkeypatch, tmp_path):
    missing = tmp_path / "train-images"
    monkeypatch.setattr("nbhelpers.datasets.mnist", missing.read_bytes)
    report = self_test.run()
    assert not report.passed
    assert [line[0] for line in report.lines].count("✗") == 1
    assert "train-images" in report.text
