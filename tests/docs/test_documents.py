"""What the documents promise exists."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from voxloop_compose.commands import create_app

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("compose/**/*.md"), *ROOT.glob("tests/**/*.md")])


def commands() -> dict[str, set[str]]:
    """Map each command ("labels import") to its options."""
    found: dict[str, set[str]] = {}

    def walk(command: object, words: tuple[str, ...]) -> None:
        found[" ".join(words)] = {option for parameter in command.params for option in parameter.opts}
        for name, child in getattr(command, "commands", {}).items():
            walk(child, (*words, name))

    walk(get_command(create_app()), ())
    return found


def command_lines() -> list[tuple[str, str]]:
    """Give every line of a code block that begins with `voxloop`, with its document."""
    lines = []
    for document in DOCUMENTS:
        for block in re.findall(r"```[a-z]*\n(.*?)```", document.read_text(), re.DOTALL):
            lines += [(document.name, line.split("#")[0].strip()) for line in block.splitlines() if line.startswith("voxloop ")]
    return lines


@pytest.mark.parametrize(("document", "line"), command_lines())
def test_every_command_in_the_documents_exists_with_its_options(document: str, line: str) -> None:
    known = commands()
    words = line.split()[1:]
    name = next((n for n in (" ".join(words[:2]), words[0]) if n in known), None)
    assert name, f"{document}: no command in {line!r}"
    options = {word for word in words if word.startswith("--")}
    assert options <= known[name] | {"--help"}, f"{document}: {line!r}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", document.read_text())
    missing = [link for link in links if not link.startswith(("http://", "https://")) and not (document.parent / link).exists()]
    assert missing == []


def test_the_readme_names_both_commands_first() -> None:
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"^make (\w+)", readme, re.MULTILINE)
    assert named[:2] == ["run", "test"]
    assert set(named) <= targets
