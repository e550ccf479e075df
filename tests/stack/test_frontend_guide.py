"""The code of docs/frontend.md, run against the local stack."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from closetspace_infra.local.frontend import FrontendSetup
from tests.support.journey import Journey, photo
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS

MODULES = REPOSITORY / "clients" / "web" / "node_modules"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"// (src/\S+)\n")
PARSE = """
import typescript from "typescript";
import { readFileSync } from "node:fs";
const options = { reportDiagnostics: true, compilerOptions: { jsx: "preserve", target: "esnext" } };
for (const text of JSON.parse(readFileSync(0))) {
  for (const { messageText } of typescript.transpileModule(text, options).diagnostics) throw new Error(messageText);
}
"""

needs_modules = pytest.mark.skipif(not MODULES.is_dir(), reason="the packages of clients/web are not installed")


def blocks(*languages: str) -> list[str]:
    """Return the guide's code in these languages."""
    return [code for language, code in BLOCK.findall(guide()) if language in languages]


def guide() -> str:
    return (REPOSITORY / "docs" / "frontend.md").read_text()


def examples() -> list[str]:
    """Return the code that is no file, with the new lines of each comparison."""
    return [
        "\n".join(line[1:] for line in code.splitlines() if line[0] != "-") if language == "diff" else code
        for language, code in BLOCK.findall(guide())
        if language == "diff" or (language == "js" and not FILE.match(code))
    ]


@needs_modules
def test_files_and_examples_of_the_guide_work(journey: Journey, tmp_path: Path) -> None:
    stack = journey.stack
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "photo.jpg").write_bytes(photo(120))
    (tmp_path / "src").mkdir()
    for code in blocks("js"):
        if file := FILE.match(code):
            (tmp_path / file[1]).write_text(code.replace("import.meta.env", "globalThis.ENV"))
    script = shutil.copy(Path(__file__).with_name("frontend_guide.mjs"), tmp_path)
    setup = FrontendSetup(stack.firebase_config, stack.addresses, stack.region)
    given = {"env": setup.variables("VITE_"), "examples": examples(), "photo": str(tmp_path / "photo.jpg")}
    done = subprocess.run(
        ["node", script, json.dumps(given)], capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["progress"], seen["picture"], seen["name"], seen["replaced"]) == (1, 200, "Another name", True)
    assert seen["recommended"] > 0
    assert any(line.startswith("functions/invalid-argument categories") for line in seen["printed"])


@needs_modules
def test_other_code_of_the_guide_can_be_parsed() -> None:
    code = blocks("jsx", "javascript")
    assert len(code) == 2
    command = ["node", "--input-type=module", "--eval", PARSE]
    done = subprocess.run(
        command, cwd=MODULES.parent, input=json.dumps(code), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
