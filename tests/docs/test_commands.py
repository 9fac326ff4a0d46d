"""Every command of the documentation and of the comments in configurations is run at a small size, or parsed."""

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.commands import ELSEWHERE, OTHERS, PACKAGES, PARSED, Call, as_colorgan, check, check_fragment
from tests.docs.pages import Snippet, blocks, commands, comment, comment_commands, configurations, pages
from tests.docs.shell import calls
from tests.helpers import REPOSITORY

HISTORY = Path("CHANGELOG.md")
"""Names commands as they were."""
PAGES = [page for page in pages() if page != HISTORY and commands(page)]
CONFIGURATIONS = [file for file in configurations() if comment_commands(file).text]
LANGUAGES = {"sh", "bash", "console", "python", "yaml", "json", "toml", "js", "text"}
"""Languages of blocks; ``text`` is what a program prints, or the form of a command."""


RIGHT: set[Call] = set()
"""Commands that have been checked: pages repeat some."""


def problems(snippets: list[Snippet], place: Path, run: bool = True) -> list[str]:
    found = []
    for snippet in snippets:
        for call in calls(snippet.text, place):
            if snippet.language == "inline" and as_colorgan(call):  # in a sentence, it may be a part of a command
                wrong = check_fragment(call)
            elif call in RIGHT:
                continue
            else:
                wrong = check(call, run)
            if wrong:
                found.append(f"{snippet.place}: {call}: {wrong}")
            elif run:
                RIGHT.add(call)
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if str(page) not in ELSEWHERE], ids=str)
def test_commands_of_a_page(page: Path, place: Path) -> None:
    assert problems(commands(page), place) == []


def test_commands_of_configurations(place: Path) -> None:
    """The trainings themselves run in ``tests/cli/test_configs.py``; here their commands are parsed."""
    snippets = [comment_commands(file) for file in CONFIGURATIONS]
    assert len(snippets) > 30
    assert problems(snippets, place, run=False) == []


def test_commands_in_comments_are_indented() -> None:
    """Only then are they found."""
    hidden = []
    for file in configurations():
        lines = comment((REPOSITORY / file).read_text(encoding="utf-8")).splitlines()
        prose = [line for line in lines if not line.startswith("#   ") and "`" not in line]
        hidden += [(str(file), line) for line in prose if re.search(r"(train\.py|colorgan) [a-z-]+ ", line)]
    assert hidden == []


def test_tables_have_no_stale_entries(place: Path) -> None:
    snippets = [*(s for page in PAGES for s in commands(page)), *map(comment_commands, CONFIGURATIONS)]
    everything = [call for snippet in snippets for call in calls(snippet.text, place)]
    texts = [shlex.join(own.arguments) for own in map(as_colorgan, everything) if own]
    assert [pattern for pattern in PARSED if not any(re.search(pattern, text) for text in texts)] == []
    programs = {call.program for call in everything}
    assert set(OTHERS) - programs == set()
    words = {word for call in everything for word in call.arguments}
    assert PACKAGES - words == set()
    assert set(ELSEWHERE) - set(map(str, PAGES)) == set()


def test_every_block_has_a_known_language() -> None:
    unknown = [block.place for page in pages() for block in blocks(page) if block.language not in LANGUAGES]
    assert unknown == []


def test_shell_is_read_as_bash_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    script = "for n in 1 2; do\n  colorgan x \\\n    --n $n  # twice\ndone\nA=b python *.txt 'c d' && make e\n"
    assert calls(script, tmp_path) == [
        Call("colorgan", ("x", "--n", "1"), tmp_path),
        Call("colorgan", ("x", "--n", "2"), tmp_path),
        Call("python", ("a.txt", "c d"), tmp_path),
        Call("make", ("e",), tmp_path),
    ]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("colorgan colorise old.jpg", "there is no command colorise"),
        ("colorgan colorize old.jpg --hint hints.json", "ends with 2"),
        ("colorgan colorize missing.jpg", "ends with 1.*missing.jpg"),
        ("python train.py fit -c configs/base.yaml --data.rot my_photos", "ends with 2.*Photos has no argument 'rot'"),
        ("colorgan app --checkpoint missing.ckpt", "missing.ckpt does not exist"),
        ("colorgan benchmark configs/benchmarks/faces.yaml --out DIR --data.rot=faces", "Photos has no argument 'rot'"),
        ("python benchmarks/streaming.py --pictures 3", "ends with 2"),
        ("python benchmarks/missing.py", "does not exist"),
        ("pip install -e '.[apps]'", "there is no extra {'apps'}"),
        ("pip install colorgam", "colorgam is neither"),
        ("make tests", "there is no target {'tests'}"),
        ("pytest -m soaked tests", "there is no such marker"),
        ("curl https://example.org", "curl is not in the table of programs"),
    ],
)
def test_wrong_commands_are_found(command: str, message: str, place: Path) -> None:
    (wrong,) = problems([Snippet("page", "sh", command)], place)
    assert re.search(message, wrong), wrong
