"""Types and style of the whole, the examples of the pages among it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
PAGES = [FOLDER / "README.md", FOLDER.parents[1] / "docs" / "client.md"]
EXAMPLES = [text for page in PAGES for text in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)]


def tool(*command: str) -> tuple[int, str]:
    """Status and output of a program of this environment."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=FOLDER, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_types(tmp_path: Path) -> None:
    examples = [tmp_path / f"example_{number}.py" for number in range(len(EXAMPLES))]
    for path, text in zip(examples, EXAMPLES, strict=True):
        path.write_text(text)
    cache = os.environ.get("LLAMACTL_TEST_TYPES", str(tmp_path / "types"))
    status, said = tool("mypy", "--strict", "--cache-dir", cache, "src", "tests", *map(str, examples))
    assert status == 0, said


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_style(command: list[str]) -> None:
    status, said = tool("ruff", *command, "--no-cache", "--quiet", ".")
    assert status == 0, said
