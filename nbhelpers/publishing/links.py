"""Say where the series lives on GitHub: links to Colab and Binder, and Colab's setup cell.

    python -m nbhelpers publish OWNER/REPO --ref v1.0   # a tag: what a class should be given
    python -m nbhelpers publish OWNER/REPO              # the branch or tag stays as it is
    python -m nbhelpers publish OWNER/REPO --site https://owner.github.io/repo/

Every notebook, README.md and the lecturer's guide are rewritten, all from this one name; nothing
else in them changes, and a second run changes nothing at all. The name that counts stands in the
setup cells.
"""

import re
from pathlib import Path
from urllib.parse import quote, urlencode

from nbhelpers.files import replacing
from nbhelpers.teaching.notebook_files import notebook_text, numbered, parsed, read_notebook

ROOT = Path(__file__).resolve().parents[2]
UNSET = "OWNER/REPO"
GUIDE = "LECTURERS.md"  # beside the notebooks
SETTING = re.compile(r'^REPOSITORY, REF = "([^"\n]*)", "([^"\n]*)"$', re.MULTILINE)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.{1,2}$|.*\.(?i:git)$)[A-Za-z0-9_.-]{1,100}")
#: of what `git check-ref-format` allows, what needs no care in addresses and in Python
REF = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|[./]$))[A-Za-z0-9_][A-Za-z0-9_./-]*")
ADDRESS = re.compile(r"(?:https://github\.com/|git@github\.com:)(.+?)(?:\.git)?/?", re.IGNORECASE)
SITE = re.compile(r"https?://[^\s()<>\"]+")
NOWHERE = "*This copy has no address on the web yet, so it has no links to Colab and Binder.*"


def checked(repository, ref):
    """Return both as they were given; of an address on GitHub, the name.

    Raises
    ------
    ValueError
        If they can't be the name of a repository on GitHub, of a branch or tag.
    """
    address = ADDRESS.fullmatch(repository)
    name = address[1] if address else repository
    if not NAME.fullmatch(name):
        raise ValueError(f"a repository on GitHub is OWNER/REPO, got {repository!r}")
    if not REF.fullmatch(ref):
        raise ValueError(
            "a branch or tag has letters, digits and . _ / -, and git allows no part of it that "
            f"is empty, begins with a dot or ends in .lock; got {ref!r}"
        )
    return name, ref


def colab(repository, ref, notebook):
    """Address that opens a notebook, "01_xor_loop.ipynb", on Google Colab."""
    place = f"github/{repository}/blob/{quote(ref)}/notebooks/{notebook}"
    return f"https://colab.research.google.com/{place}"


def binder(repository, ref, notebook):
    """Address that opens a notebook in a JupyterLab on Binder."""
    place = f"gh/{repository}/{quote(ref, safe='')}?urlpath=lab/tree/notebooks/{notebook}"
    return f"https://mybinder.org/v2/{place}"


def puller(repository, ref, notebook):
    """Address, on a JupyterHub with nbgitpuller, that fetches the project and opens a notebook.

    The hub's own address takes the place of YOUR-HUB.
    """
    place = f"lab/tree/{repository.partition('/')[2]}/notebooks/{notebook}"
    fields = {"repo": f"https://github.com/{repository}", "branch": ref, "urlpath": place}
    return f"https://YOUR-HUB/hub/user-redirect/git-pull?{urlencode(fields)}"


def badges(repository, ref, notebook):
    """Markdown of both links to a notebook; one plain sentence if there is no name yet."""
    if repository == UNSET:
        return NOWHERE
    on_colab, on_binder = (f(repository, ref, notebook) for f in (colab, binder))
    return (
        "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
        f"({on_colab}) [![Launch on Binder](https://mybinder.org/badge_logo.svg)]({on_binder})"
    )


def published_notebook(text, notebook, repository, ref):
    """A notebook's JSON text with this name in its setup cell and its links; ValueError if odd."""
    contents = parsed(text, notebook)
    found = {"setup": 0, "links": 0}
    for cell in contents["cells"]:
        tags = cell["metadata"].get("tags", [])
        source = "".join(cell["source"])
        if "setup" in tags:
            source, n = SETTING.subn(f'REPOSITORY, REF = "{repository}", "{ref}"', source)
            found["setup"] += n
        elif "links" in tags:
            source = badges(repository, ref, notebook)
            found["links"] += 1
        else:
            continue
        cell["source"] = source.splitlines(keepends=True)
    if set(found.values()) != {1}:
        raise ValueError(
            f"{notebook} should have one setup cell with a line REPOSITORY, REF = …, and one cell "
            f"tagged links; found {found}"
        )
    return notebook_text(contents)


def between(text, mark, new, name):
    """A document with `new` between <!-- mark --> and <!-- end of mark -->; ValueError if odd."""
    block = re.compile(rf"(<!-- {mark} -->\n).*?(<!-- end of {mark} -->)", re.DOTALL)
    text, n = block.subn(lambda found: f"{found[1]}{new}\n{found[2]}", text)
    if n != 1:
        raise ValueError(f"{name} should have <!-- {mark} --> once, with its end; found {n}")
    return text


def setting(root):
    """Return (repository, ref) as the first notebook's setup cell has them; ValueError if none."""
    paths = numbered(Path(root) / "notebooks")
    if not paths:
        raise ValueError(f"no notebooks below {root}; this command works in a checkout")
    path, cells = paths[0], read_notebook(paths[0])["cells"]
    found = [SETTING.search("".join(cell["source"])) for cell in cells]
    found = [match.groups() for match in found if match]
    if len(found) != 1:
        raise ValueError(f"{path.name} should have one line REPOSITORY, REF = …, has {len(found)}")
    return found[0]


def publish(repository, ref=None, root=None, site=None):
    """Write the name into notebooks, README.md and guide below `root`; return the changed files.

    `ref` is a branch or tag; without one, the present setting's stays, and so does the link to the
    site (see site.py) without its address, `site`. All new texts are made before the first file is
    replaced, and each file is replaced as a whole.

    Raises
    ------
    ValueError
        If the name is not one, or a file is not as expected; then nothing has been changed.
    """
    root = ROOT if root is None else Path(root)
    repository, ref = checked(repository, setting(root)[1] if ref is None else ref)
    if site is not None and not SITE.fullmatch(site):
        raise ValueError(f"a site's address is like https://owner.github.io/repo/, got {site!r}")
    new = {}
    for path in numbered(root / "notebooks"):
        new[path] = published_notebook(path.read_bytes(), path.name, repository, ref)
    first = "00_start_here.ipynb"
    hub = f"```text\n{puller(repository, ref, first)}\n```"
    for path, mark, link in (
        (root / "README.md", "links", badges(repository, ref, first)),
        (root / "notebooks" / GUIDE, "nbgitpuller", hub),
    ):
        new[path] = between(path.read_text(encoding="utf-8"), mark, link, path.name)
    if site is not None:
        here = (
            f"**[Open it in your browser]({site})**: nothing to install, and your work stays there."
        )
        new[root / "README.md"] = between(new[root / "README.md"], "site", here, "README.md")
    changed = [path for path, text in new.items() if path.read_text(encoding="utf-8") != text]
    for path in changed:
        with replacing(path) as file:
            file.write(new[path].encode())
    return changed
