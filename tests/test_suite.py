"""The tests themselves: which run where there is no real data, and where there is no torch."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
SAMPLE = ("tests/edgecrack/positions/test_gpx.py", "tests/edgecrack/sources/test_file_size.py")


def collect(*arguments, **environment):
    """Return how a collection of tests in another process ended."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *arguments]
    return subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_without_the_folder_tests_on_real_data_are_left_out_and_counted(tmp_path):
    """The rest is collected, and the last line names their number and the folder."""
    missing = tmp_path / "nowhere"
    done = collect(*SAMPLE, EDGECRACK_DATA=str(missing))
    assert done.returncode == 0, done.stdout
    assert "2 deselected" in done.stdout
    assert "test_a_long_drive_is_read_whole" in done.stdout
    assert "test_the_car_drive_is_read_whole" not in done.stdout
    (line,) = (line for line in done.stdout.splitlines() if str(missing) in line)
    assert line.startswith("2 tests on real data were not run")


def test_with_the_folder_tests_on_real_data_are_collected(tmp_path):
    """Nothing is left out, and nothing is said."""
    done = collect(*SAMPLE, EDGECRACK_DATA=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert "test_the_car_drive_is_read_whole" in done.stdout
    assert "deselected" not in done.stdout
    assert "real data were not run" not in done.stdout


def test_a_test_that_hides_its_need_of_real_data_is_refused(tmp_path):
    """Whoever reads the folder must be marked, or it would fail where the folder is missing."""
    conftest = CHECKOUT / "tests" / "conftest.py"
    (tmp_path / "conftest.py").write_text(conftest.read_text())
    (tmp_path / "test_it.py").write_text("def test_it(shared_data): pass\n")
    done = collect(f"--rootdir={tmp_path}", "-c", CHECKOUT / "pyproject.toml", tmp_path)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py" in done.stderr


def test_what_a_machine_may_lack_is_left_out_by_a_marker():
    """Each test with a browser, or whose system calls are watched, has its marker by itself."""
    files = ("tests/edgecrack/test_system_calls.py", "tests/edgecrack/page/test_document.py")
    done = collect(*files, "-m", "not browser and not system_calls")
    assert "test_the_page_is_one_closed_file" in done.stdout
    assert not re.search("chromium|calls_nobody", done.stdout)
    assert "deselected" in done.stdout


def test_ci_needs_the_real_data(tmp_path):
    """It ends before anything is done, in a sentence that names the folder."""
    missing = tmp_path / "nowhere"
    done = subprocess.run(
        [CHECKOUT / ".ci" / "run"],
        env=os.environ | {"EDGECRACK_DATA": str(missing)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 66
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert str(missing) in line


def test_the_runtimes_tests_need_neither_torch_nor_onnx_nor_scipy():
    """They are all collected where these cannot be imported; ``make test-runtime`` runs them."""
    rooms = ("edgecrack", "deploy", "tests/edgecrack", "tests/deploy")
    done = collect("-p", "tests.without_training", *rooms)
    assert done.returncode == 0, done.stdout


def test_the_plugin_really_blocks_them():
    """Export's tests, which do need torch, cannot be collected under it."""
    done = collect("-p", "tests.without_training", "tests/export/test_parity.py")
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "import of torch halted" in done.stdout
