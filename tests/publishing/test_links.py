"""One name for the repository, and links and setup cells that all agree with it."""

import re
import shutil
import subprocess
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from notebook_tools import ROOT, cells, documents, notebooks, read

from nbhelpers.publishing import execute as execute_notebooks
from nbhelpers.publishing import links as publish


@pytest.fixture
def project(tmp_path):
    """A copy of the notebooks, README.md and the lecturer's guide, in a folder with an odd name."""
    project = tmp_path / "cours d'été"
    documents(project)
    return project


def contents(project):
    """The bytes of all documents."""
    return {
        path: path.read_bytes() for path in project.rglob("*") if path.suffix in (".md", ".ipynb")
    }


def names(project):
    """(file, where, repository, ref, notebook) of everything that names the repository."""
    for path in notebooks(project / "notebooks"):
        notebook = read(path)
        (setup,) = cells(notebook, "setup")
        ((repository, ref),) = publish.SETTING.findall(setup.source)
        yield path.name, "setup", repository, ref, path.name
        for cell in notebook.cells:
            yield from ((path.name, *link) for link in links(cell.source))
    for path in (project / "README.md", project / "notebooks" / publish.GUIDE):
        yield from ((path.name, *link) for link in links(path.read_text("utf-8")))


def links(text):
    """(service, repository, ref, notebook) of every link to Colab, to Binder, and for a hub."""
    for address in re.findall(r"https?://[^)\s]+", text):
        parts = urlsplit(address)
        fields = {name: value for name, (value,) in parse_qs(parts.query).items()}
        if parts.hostname == "colab.research.google.com" and "/github/" in parts.path:
            owner, name, _, rest = parts.path.removeprefix("/github/").split("/", 3)
            ref, notebook = rest.split("/notebooks/")
            yield "colab", f"{owner}/{name}", unquote(ref), notebook
        elif parts.hostname == "mybinder.org" and parts.path.startswith("/v2/gh/"):
            owner, name, ref = parts.path.removeprefix("/v2/gh/").split("/")
            place = fields["urlpath"].removeprefix("lab/tree/notebooks/")
            yield "binder", f"{owner}/{name}", unquote(ref), place
        elif (parts.netloc, parts.path) == ("YOUR-HUB", "/hub/user-redirect/git-pull"):
            assert set(fields) == {"repo", "branch", "urlpath"}
            repository = fields["repo"].removeprefix("https://github.com/")
            clone = repository.split("/")[1]  # nbgitpuller's name for the folder
            place = fields["urlpath"].removeprefix(f"lab/tree/{clone}/notebooks/")
            yield "hub", repository, fields["branch"], place


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
    publish.publish("some-one/other", root=project)  # without a branch the earlier one stays
    assert publish.setting(project) == ("some-one/other", ref)


def test_a_second_run_changes_nothing_and_nothing_else_was_changed(project):
    publish.publish("OWNER/REPO", "main", project)
    before = contents(project)
    publish.publish("someone/course", "v2", project)
    once = contents(project)
    for path in notebooks(project / "notebooks"):
        assert execute_notebooks.inspect(path) == []  # stored clean
    assert publish.publish("https://github.com/someone/course.git", "v2", project) == []
    assert contents(project) == once
    publish.publish("OWNER/REPO", "main", project)
    assert contents(project) == before


def test_the_link_to_the_site_comes_first_and_stays(project):
    address = "https://some-one.github.io/course/"
    publish.publish("some-one/course", root=project, site=address)
    link = f"[Open it in your browser]({address})"
    text = (project / "README.md").read_text("utf-8")
    assert text.index(link) < text.index("[![Open in Colab]") < text.index("## Start")
    publish.publish("some-one/course", "v2", project)
    assert link in (project / "README.md").read_text("utf-8")
    before = contents(project)
    for wrong in ("", "some-one.github.io/course", "https://a b", "https://a/) ["):
        with pytest.raises(ValueError, match="a site's address is like"):
            publish.publish("some-one/course", root=project, site=wrong)
    assert contents(project) == before


@pytest.mark.parametrize(
    "name",
    [
        *("", "course", "a/b/c", "-a/b", "a b/c", 'a/b"', "https://example.org/a/b", "a/b\nc"),
        *("a/.", "a/..", "./b", "../b", "a/.git", "a/b.git.git", "https://github.com/a/.."),
        *("https://github.com.example.org/a/b", "https://github.com@example.org/a/b"),
    ],
)
def test_what_is_no_repository_is_refused(name):
    with pytest.raises(ValueError, match="a repository on GitHub is OWNER/REPO, got"):
        publish.checked(name, "main")


REFUSED = ["", "-b", "a b", "a..b", 'v1"', "v1\n", "a//b", "a/", "/a", "a.", "a.lock", ".a", "a~1"]


def test_branches_and_tags():
    for ref in REFUSED:
        with pytest.raises(ValueError, match="a branch or tag has"):
            publish.checked("a/b", ref)
    for ref in ("main", "v1.0", "class/2027", "a.locked", "1", "_x", "a-", "a/-b"):
        assert publish.checked("a/b", ref) == ("a/b", ref)
        subprocess.run(["git", "check-ref-format", "--branch", ref], check=True)


@pytest.mark.parametrize(
    ("file", "piece", "words"),
    [
        ("notebooks/03_sgd.ipynb", "{", "03_sgd.ipynb: not a notebook"),
        ("notebooks/12_libraries.ipynb", "REPOSITORY, REF =", "should have one setup cell"),
        ("README.md", "<!-- links -->", "README.md should have <!-- links --> once"),
        (f"notebooks/{publish.GUIDE}", "<!-- end of nbgitpuller -->", "should have <!-- nbgit"),
    ],
)
def test_nothing_is_changed_if_one_file_is_not_as_expected(project, file, piece, words):
    file = project / file
    file.write_text(file.read_text("utf-8").replace(piece, ""), "utf-8")
    before = contents(project)
    with pytest.raises(ValueError, match=words):
        publish.publish("someone/course", root=project)
    assert contents(project) == before
    shutil.rmtree(project / "notebooks")
    with pytest.raises(ValueError, match="no notebooks below"):
        publish.publish("someone/course", root=project)


@pytest.mark.parametrize(
    "address",
    ["https://github.com/a/b", "https://GitHub.com/a/b.GIT", "git@github.com:a/b.git"],
)
def test_a_name_may_be_given_as_its_address(address):
    assert publish.checked(address, "main") == ("a/b", "main")
