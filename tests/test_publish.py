"""One name for the repository, and links and setup cells that all agree with it."""

import re
import shutil
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

import execute_notebooks
import pytest
from notebook_tools import ROOT, cells, notebooks, read

from nbhelpers import publish


@pytest.fixture
def project(tmp_path):
    """A copy of the notebooks, README.md and the lecturer's guide."""
    (tmp_path / "notebooks").mkdir()
    for path in notebooks():
        shutil.copy(path, tmp_path / "notebooks")
    shutil.copy(ROOT / "README.md", tmp_path)
    shutil.copy(ROOT / "notebooks" / publish.GUIDE, tmp_path / "notebooks")
    return tmp_path


def contents(project):
    """The bytes of all files."""
    return {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}


def names(project):
    """(file, where, repository, ref, notebook) of everything that names the repository."""
    for path in notebooks(project / "notebooks"):
        notebook = read(path)
        (setup,) = cells(notebook, "setup")
        ((repository, ref),) = publish.SETTING.findall(setup.source)
        yield path.name, "setup", repository, ref, path.name
        for text in (cell.source for cell in notebook.cells):
            yield from ((path.name, *link) for link in links(text))
    yield from (("README.md", *link) for link in links((project / "README.md").read_text("utf-8")))
    text = (project / "notebooks" / publish.GUIDE).read_text("utf-8")
    assert list(links(text)) == []
    (address,) = re.findall(r"^https://.*git-pull.*$", text, flags=re.MULTILINE)
    yield publish.GUIDE, "nbgitpuller", *pulled(address)


def pulled(address):
    """(repository, ref, notebook) of an nbgitpuller link."""
    parts = urlsplit(address)
    assert (parts.netloc, parts.path) == ("YOUR-HUB", "/hub/user-redirect/git-pull")
    fields = {name: value for name, (value,) in parse_qs(parts.query).items()}
    assert set(fields) == {"repo", "branch", "urlpath"}
    repository = fields["repo"].removeprefix("https://github.com/")
    clone = repository.split("/")[1]  # nbgitpuller's name for the folder
    return (
        repository,
        fields["branch"],
        fields["urlpath"].removeprefix(f"lab/tree/{clone}/notebooks/"),
    )


def links(text):
    """(service, repository, ref, notebook) of every link to Colab and Binder."""
    for address in re.findall(r"\]\((https?://[^)\s]+)\)", text):
        parts = urlsplit(address)
        if parts.hostname == "colab.research.google.com" and "/github/" in parts.path:
            owner, name, _, rest = parts.path.removeprefix("/github/").split("/", 3)
            ref, notebook = rest.split("/notebooks/")
            yield "colab", f"{owner}/{name}", unquote(ref), notebook
        elif parts.hostname == "mybinder.org" and parts.path.startswith("/v2/gh/"):
            owner, name, ref = parts.path.removeprefix("/v2/gh/").split("/")
            (place,) = parse_qs(parts.query)["urlpath"]
            yield (
                "binder",
                f"{owner}/{name}",
                unquote(ref),
                place.removeprefix("lab/tree/notebooks/"),
            )


def test_no_link_of_this_copy_disagrees_with_its_setting():
    said = list(names(ROOT))
    assert {(repository, ref) for _, _, repository, ref, _ in said} == {publish.setting(ROOT)}
    for file, where, _, _, notebook in said:
        assert notebook == (file if file.endswith(".ipynb") else "00_start_here.ipynb"), where
    services = {"setup"} if publish.setting(ROOT)[0] == publish.UNSET else {"colab", "binder"}
    for path in notebooks():
        assert services <= {where for file, where, *_ in said if file == path.name}


@pytest.mark.parametrize("ref", ["main", "v1.0", "class/2027"])
def test_every_link_has_the_new_name(project, ref):
    changed = publish.publish("some-one/a.course", ref, project)
    assert set(changed) == set(contents(project))
    said = list(names(project))
    assert {(repository, r) for _, _, repository, r, _ in said} == {("some-one/a.course", ref)}
    assert len(said) == 3 * len(notebooks()) + 3
    assert publish.setting(project) == ("some-one/a.course", ref)


def test_a_second_run_changes_nothing_and_nothing_else_was_changed(project):
    publish.publish("OWNER/REPO", "main", project)
    before = contents(project)
    publish.publish("someone/course", "v2", project)
    once = contents(project)
    assert publish.publish("https://github.com/someone/course.git", "v2", project) == []
    assert contents(project) == once
    publish.publish("OWNER/REPO", "main", project)
    assert contents(project) == before


def test_published_notebooks_are_still_stored_clean(project):
    publish.publish("someone/course", "v2", project)
    for path in notebooks(project / "notebooks"):
        assert execute_notebooks.inspect(path) == []


@pytest.mark.parametrize(
    "name", ["", "course", "a/b/c", "-a/b", "a b/c", 'a/b"', "https://example.org/a/b", "a/b\nc"]
)
def test_what_is_no_repository_is_refused(project, name):
    before = contents(project)
    with pytest.raises(ValueError, match="a repository on GitHub is OWNER/REPO, got"):
        publish.publish(name, root=project)
    assert contents(project) == before


@pytest.mark.parametrize("ref", ["", "-b", "a b", "a..b", 'v1"', "v1\n"])
def test_what_is_no_branch_is_refused(project, ref):
    with pytest.raises(ValueError, match="a branch or tag has"):
        publish.publish("someone/course", ref, project)


def test_nothing_is_changed_if_one_file_is_not_as_expected(project):
    readme = project / "README.md"
    readme.write_text(readme.read_text("utf-8").replace("<!-- links -->", ""), "utf-8")
    before = contents(project)
    with pytest.raises(ValueError, match=r"README\.md should have"):
        publish.publish("someone/course", root=project)
    assert contents(project) == before
    guide = project / "notebooks" / publish.GUIDE
    readme.write_text((ROOT / "README.md").read_text("utf-8"), "utf-8")
    guide.write_text(guide.read_text("utf-8").replace("<!-- end of nbgitpuller -->", ""), "utf-8")
    before = contents(project)
    with pytest.raises(ValueError, match=r"LECTURERS\.md should have <!-- nbgitpuller --> once"):
        publish.publish("someone/course", root=project)
    assert contents(project) == before
    path = notebooks(project / "notebooks")[-1]
    path.write_text(path.read_text("utf-8").replace("REPOSITORY, REF =", "REPO ="), "utf-8")
    with pytest.raises(ValueError, match=rf"{path.name} should have one setup cell"):
        publish.publish("someone/course", root=project)


@pytest.mark.parametrize(
    "address",
    ["https://github.com/a/b", "https://github.com/a/b.git", "git@github.com:a/b.git"],
)
def test_the_name_is_read_from_the_remote(tmp_path, address):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    with pytest.raises(ValueError, match="give OWNER/REPO"):
        publish.remote(tmp_path)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", address], check=True)
    assert publish.checked(publish.remote(tmp_path), "main") == ("a/b", "main")


def test_a_remote_elsewhere_is_told(tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    elsewhere = "https://example.org/a/b.git"
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", elsewhere], check=True)
    with pytest.raises(ValueError, match="is not on GitHub"):
        publish.remote(tmp_path)


def test_the_command_line_says_what_is_wrong(capsys):
    assert publish.main(["no name"]) == 1
    assert "OWNER/REPO, got 'no name'" in capsys.readouterr().err
