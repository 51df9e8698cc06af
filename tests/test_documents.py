"""The documents are true: their code runs, from top to bottom, and prints what stands below it.

A ```python block is code, and all blocks of a document share their names. A ```text block that follows it is what it
prints, word for word; `...` stands for anything. Code that nothing follows prints nothing. Where code shall end in an
error, the text is its traceback with the middle left out, as doctest has it.
"""

import contextlib
import doctest
import io
import re
import traceback
from pathlib import Path
from typing import NamedTuple

import pytest

import chainrule as cr
from chainrule.cli import main

REPOSITORY = Path(__file__).parents[1]
MODELS = [f"docs/models/{name}.md" for name in ("README", "airbench", "lenet", "mobilenet", "resnet", "vgg")]
RUN = ["README.md", "docs/architecture.md", "docs/compiler.md", "docs/tables.md", "docs/tour.md", *MODELS]
ALL = [
    *RUN,
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/benchmarks.md",
    "docs/performance.md",
    "docs/results.md",
    "docs/results-tables.md",
]

BLOCK = re.compile(r"^```python\n(?P<code>.*?)^```\n(?:\n```text\n(?P<shown>.*?)^```\n)?", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    code: str
    shown: str
    line: int  # of the document, that the code begins on


def blocks(text: str) -> list[Block]:
    return [
        Block(found["code"], found["shown"] or "", text.count("\n", 0, found.start("code")) + 1)
        for found in BLOCK.finditer(text)
    ]


def printed(block: Block, document: str, names: dict[str, object]) -> str:
    """What a block prints, with its error as the last part."""
    # Empty lines before it let a traceback show the document's own line numbers.
    code = compile("\n" * (block.line - 1) + block.code, document, "exec")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            exec(code, names)
        except Exception as error:
            if not block.shown.startswith("Traceback"):
                raise
            print("Traceback (most recent call last):\n    ...\n" + "".join(traceback.format_exception_only(error)))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().rstrip().splitlines())


@pytest.mark.parametrize("document", RUN)
def test_code_prints_what_the_document_shows(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("chainrule.config._default_dtype", cr.float32)
    cr.manual_seed(0)
    names: dict[str, object] = {}
    checker = doctest.OutputChecker()
    found = blocks((REPOSITORY / document).read_text(encoding="utf-8"))
    assert found
    for block in found:
        got = printed(block, document, names)
        example = doctest.Example(block.code, block.shown)
        assert checker.check_output(example.want, got, doctest.ELLIPSIS), (
            f"{document}, line {block.line}:\n{block.code}\n"
            + checker.output_difference(example, got, doctest.ELLIPSIS | doctest.REPORT_NDIFF)
        )


def test_the_command_prints_what_the_readme_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = readme.partition(".venv/bin/chainrule train\n")[2].partition("```")[0]
    check_shown(shown, of_command(["train"], monkeypatch, capsys))


def test_the_commands_print_what_the_page_on_tables_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # Many of them train the same network.
    monkeypatch.setenv("CHAINRULE_CACHE", str(tmp_path / "compiled"))
    page = (REPOSITORY / "docs" / "tables.md").read_text(encoding="utf-8")
    exec(blocks(page)[0].code, {})
    printed_by = {}
    for command, shown in commands(page):
        program, *arguments = command.split()
        if program == "chainrule":
            printed_by[command] = of_command(arguments, monkeypatch, capsys)
        elif Path(arguments[0]).exists():
            printed_by[command] = Path(arguments[0]).read_text(encoding="utf-8")
        else:
            # A file that the reader is to have.
            printed_by[command] = shown
            Path(arguments[0]).write_text(shown, encoding="utf-8")
        check_shown(shown, printed_by[command])
    readme = dict(commands((REPOSITORY / "README.md").read_text(encoding="utf-8")))
    both = readme.keys() & printed_by.keys()
    assert both
    for command in both:
        check_shown(readme[command], printed_by[command])


def commands(text: str) -> list[tuple[str, str]]:
    """The command lines in the console blocks of a document, each with what is shown below it."""
    consoles = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [
        found for console in consoles for found in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)
    ]


def of_command(arguments, monkeypatch, capsys) -> str:
    """What the command prints: first what goes to the standard error."""
    monkeypatch.setattr("sys.argv", ["chainrule", *arguments])
    with pytest.raises(SystemExit, match="0"):
        main()
    printed = capsys.readouterr()
    return printed.err + printed.out


def check_shown(shown: str, printed: str) -> None:
    """Check that what is shown was printed, numbers aside; `...` stands for anything."""
    rest = without_numbers(printed)
    for part in filter(None, map(without_numbers, shown.split("..."))):
        before, found, rest = rest.partition(part)
        assert found, f"{part}\n\nis not in what is left of the output:\n{before}"


def without_numbers(text: str) -> str:
    """What is the same on every machine: single precision rounds elsewhere, and training goes another way."""
    return " ".join(re.sub(r"(?<![\w.])[\d.,]+(?!\w)", "#", text).split())


@pytest.mark.parametrize("document", RUN)
def test_every_block_is_run_or_said_to_be_something_else(document):
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    fences = re.findall(r"^```(\w*)", text, re.MULTILINE)[::2]
    outputs = len([block for block in blocks(text) if block.shown])
    assert fences.count("python") == len(blocks(text))
    assert fences.count("text") == outputs, "a text block that follows no code is never compared"
    assert set(fences) <= {"python", "text", "console", ""}


@pytest.mark.parametrize("document", ALL)
def test_links_lead_somewhere(document):
    path = REPOSITORY / document
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            pointed = path.parent / file if file else path
            assert pointed.exists(), f"{document} links to {target}"
            assert not anchor or anchor in anchors(pointed), f"{document} links to {target}"


def test_the_architecture_shows_the_tree_as_it_is():
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^  (\w+(?:\.py|/)) +(.+)$", text, re.MULTILINE))
    package = REPOSITORY / "src" / "chainrule"
    there = {
        f"{path.name}/" if path.is_dir() else path.name
        for path in package.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert {name for name, what in listed.items() if not what.startswith("(planned)")} == there - {"_version.py"}


def anchors(path: Path) -> set[str]:
    """The headings of a document as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
