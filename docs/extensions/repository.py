"""A MkDocs hook: the README and other documents outside ``docs/`` become pages, and relative links work here and there.

Links are written as the code host needs them, relative to the file that contains them. A link to a file outside
``docs/``, such as a configuration, leads to a page that shows the file.
"""

import json
import posixpath
import re
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
DOCS = "docs/"
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "checkpoints/colorgan-photos/README.md": "model-card.md",
    "colorgan/images/sample_photos/CREDITS.md": "photo-credits.md",
}
IMAGES = {"colorgan/web/page/icon.svg": "icon.svg"}
LANGUAGES = {".py": "python", ".yaml": "yaml"}
LINK = re.compile(r"""(?P<before>\]\(|<img src=")(?P<target>[^)"#:\s]+)(?P<after>(?:#[^)"]*)?[)"])""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the documents of ``PAGES``, and a page for each other file that some page links to."""
    for source, uri in PAGES.items():
        files.append(File.generated(config, uri, content=_without_front_matter((ROOT / source).read_text("utf-8"))))
    for source, uri in IMAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / source).read_bytes()))
    for file in list(files.documentation_pages()):
        for link in LINK.finditer(file.content_string):
            path = _repository_path(file.src_uri, link["target"])
            uri = _uri(path)
            if uri not in files.src_uris and not path.startswith(DOCS) and (ROOT / path).is_file():
                files.append(File.generated(config, uri, content=_listing(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turns links between files of the repository into links between pages of the site."""
    source = page.file.src_uri
    if page.is_homepage:
        page.meta["hide"] = ["navigation"]  # there is only one page in its section

    def relink(link: re.Match[str]) -> str:
        path = _repository_path(source, link["target"])
        target = files.get_file_from_path(_uri(path))
        if target is None:
            return link[0]  # MkDocs reports it
        # MkDocs resolves links of Markdown, but not those of HTML
        target_uri = target.url_relative_to(page.file) if "<" in link["before"] else _relative(target.src_uri, source)
        return f"{link['before']}{target_uri}{link['after']}"

    return LINK.sub(relink, markdown)


def _repository_path(source: str, target: str) -> str:
    """The path, relative to the repository, of what a page of the site (by its URI) links to."""
    origin = next((path for path, uri in PAGES.items() if uri == source), DOCS + source)
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))


def _uri(path: str) -> str:
    """The URI of the page that shows a file of the repository."""
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix(DOCS) if path.startswith(DOCS) else f"files/{path}.md"


def _relative(target: str, source: str) -> str:
    return posixpath.relpath(target, posixpath.dirname(source) or ".")


def _without_front_matter(text: str) -> str:
    """A model card begins with metadata for the Hugging Face Hub."""
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)


def _listing(path: str) -> str:
    if path.endswith(".ipynb"):
        return _notebook(ROOT / path)
    language = LANGUAGES.get(PurePosixPath(path).suffix, "text")
    return f"# `{path}`\n\n````{language}\n{(ROOT / path).read_text('utf-8')}````\n"


def _notebook(file: Path) -> str:
    """The cells of a notebook, without results."""
    cells = json.loads(file.read_text("utf-8"))["cells"]
    texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    return "\n\n".join(f"````python\n{text}\n````" if kind == "code" else text for kind, text in texts)
