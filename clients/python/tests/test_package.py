"""The package: it is built from the checkout, and installs where nothing else can be had."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from llamactl import __version__

ROOT = Path(__file__).parents[3]
README = (ROOT / "clients" / "python" / "README.md").read_text()
PAGE = (ROOT / "docs" / "client.md").read_text()


@pytest.fixture
def wheels() -> str:
    """A folder with the packages that this one needs, and that it is built with."""
    found = os.environ.get("LLAMACTL_TEST_WHEELS")
    if found is None:
        pytest.skip("no packages to install without a network: the project's test command gets them")
    return found


def test_installs_as_the_readme_says_without_a_network(wheels: str, setting: dict[str, Any], tmp_path: Path) -> None:
    program = (re.search(r"```sh\n(.*?)```", README, re.DOTALL) or [""])[1]
    assert "pip install" in program
    assert program in PAGE
    place = tmp_path / ".venv"
    here = {
        # As on a machine whose own Python takes no packages.
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:{os.environ['PATH']}",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    commands = program.replace("clients/python", str(ROOT / "clients" / "python"))
    built = subprocess.run(["/bin/sh", "-e", "-c", commands], cwd=tmp_path, env=here, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr

    [wheel] = (tmp_path / "dist").iterdir()
    assert wheel.name == f"llamactl_client-{__version__}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    info = f"llamactl_client-{__version__}.dist-info"
    assert {"llamactl/py.typed", "llamactl/_sync/client.py", f"{info}/licenses/LICENSE"} <= names
    assert {name.split("/")[0] for name in names} == {"llamactl", info}

    # The three lines of the API reference, in a project that has nothing else.
    lines = (re.search(r"```python\n(.*?)```", README, re.DOTALL) or [""])[1]
    assert lines.splitlines()[0] == "from llamactl import Client"
    assert lines in PAGE
    port = setting["url"].rsplit(":", 1)[1]
    snippet = lines.replace("8080", port) + "print(type(instances).__name__)\n"
    (tmp_path / "snippet.py").write_text(snippet)
    python = [str(place / "bin" / "python"), "-W", "error", "-W", "ignore::ResourceWarning", "snippet.py"]
    ran = subprocess.run(python, cwd=tmp_path, env=here, capture_output=True, text=True, timeout=60)
    assert (ran.stdout, ran.stderr) == ("list\n", "")
