"""Build the documents as web pages in build/docs: README and tour and architecture, and the API reference by pdoc."""

from __future__ import annotations

import re
import shutil
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import pdoc
from pdoc import render

import chainrule
from chainrule.core.node import Handle
from chainrule.errors import MissingDependencyError

REPOSITORY = Path(__file__).parents[1]
OUT = REPOSITORY / "build" / "docs"

# The Markdown files, by the name of their page, with the title in the list of pages.
SOURCES = {
    "index": ("README.md", "README"),
    "tables": ("docs/tables.md", "Tables"),
    "tour": ("docs/tour.md", "Tour"),
    "architecture": ("docs/architecture.md", "Architecture"),
    "compiler": ("docs/compiler.md", "The compiler"),
    "performance": ("docs/performance.md", "Performance"),
    "benchmarks": ("docs/benchmarks.md", "Benchmarks"),
    "results-tables": ("docs/results-tables.md", "Results on tables"),
    "contributing": ("CONTRIBUTING.md", "Contributing"),
    "changelog": ("CHANGELOG.md", "Changelog"),
}
# pdoc adds the modules that stand in the `__all__` of those named here.
MODULES = [
    "chainrule",
    "chainrule.nn.functional",
    # A function and the file it stands in have the same name; what users see is the function.
    "!chainrule.nn.functional.dropout",
]


def build() -> None:
    """Write all pages anew."""
    shutil.rmtree(OUT, ignore_errors=True)
    _load_what_is_loaded_later()
    _show_the_full_class()
    render.configure(docformat="google", template_directory=REPOSITORY / "docs" / "templates")
    render.env.globals["pages"] = {page: title for page, (_, title) in SOURCES.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Aliases such as `DTypeLike` are shown as they are written, which reads better than what they stand for.
        warnings.filterwarnings("ignore", "Error parsing type annotation")
        pdoc.pdoc(*MODULES, output_directory=OUT)
    all_modules = sorted(str(page.relative_to(OUT).with_suffix("")).replace("/", ".") for page in OUT.rglob("*.html"))
    all_modules.remove("index")
    shutil.copytree(REPOSITORY / "docs" / "images", OUT / "images")
    for page, (source, title) in SOURCES.items():
        text = render.to_html(_with_links_to_pages((REPOSITORY / source).read_text(encoding="utf-8")))
        rendered = render.env.get_template("page.html.jinja2").render(title=title, text=text, all_modules=all_modules)
        (OUT / f"{page}.html").write_text(rendered, encoding="utf-8")


def _load_what_is_loaded_later() -> None:
    """Put what modules load only when they are asked for it where pdoc looks; without scikit-learn, no estimators."""
    for module in (chainrule, chainrule.interop):
        found = {}
        for name in module.__all__:
            with suppress(MissingDependencyError):
                found[name] = getattr(module, name)
        vars(module).update(found, __all__=[*found])


def _show_the_full_class() -> None:
    """Let annotations speak of `Tensor`, as a type checker sees them; `core/types.py` says why it takes a step."""
    for name, module in list(sys.modules.items()):
        if name.startswith("chainrule.") and vars(module).get("Tensor") is Handle:
            vars(module)["Tensor"] = chainrule.Tensor


def _with_links_to_pages(markdown: str) -> str:
    """`markdown` with its links to other Markdown files leading to their pages."""
    for page, (source, _) in SOURCES.items():
        markdown = re.sub(
            rf"\]\((?:\.\./)?(?:docs/)?{re.escape(Path(source).name)}(#[^)]*)?\)", rf"]({page}.html\1)", markdown
        )
    return markdown


if __name__ == "__main__":
    build()
