"""What a stranger types on JetPack 6, on JetPack 7 and on arm64, typed in a root of each."""

import platform
import subprocess
from datetime import datetime, timezone

import pytest

from edgecrack.device import describe_device
from tests.proof.userlands import CHECKOUT, LONGEST_S, USERLANDS, as_markdown, try_in

TABLE = CHECKOUT / "tests" / "proof" / "userlands.md"
OUTCOMES = []


def page(outcomes):
    """Return the whole page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    device = describe_device()
    left_out = "\n".join(
        f"- {outcome.userland.title}: without tests marked {', '.join(outcome.userland.left_out)}."
        for outcome in outcomes
    )
    return f"""# In the userlands of other machines

{datetime.now(timezone.utc):%Y-%m-%d}, {device.processor}, {device.cores} cores, {device.system},
{platform.machine()}; commit {commit}; `python tests/proof/userlands.py jammy noble arm64`, which
`make proof` runs. In a new root of each distribution, as root: `deploy/setup.sh`, `make demo` (one
second of it where the processor is emulated), `make test-runtime`. Nothing is installed in it
before but git, make and Python.

{as_markdown(outcomes)}
What is left out is counted as deselected:

{left_out}
"""


@pytest.mark.timeout(4 * max(LONGEST_S.values()))
@pytest.mark.parametrize("name", USERLANDS)
def test_setup_demo_and_tests_pass(name, tmp_path):
    """Nothing fails, and what was left out is counted."""
    outcome = try_in(USERLANDS[name], tmp_path, keep=False)
    OUTCOMES.append(outcome)
    TABLE.write_text(page(OUTCOMES), encoding="utf-8")
    assert outcome.steps[-1].code == 0, outcome.steps[-1].output
    assert len(outcome.steps) == 3
    assert outcome.counts["passed"] > 1000
    assert not {"failed", "error", "errors", "skipped"} & set(outcome.counts)
