"""What a bundle says of the program that made it."""

import re
import subprocess

from export import model_card


def test_the_commit_is_that_of_the_programs_checkout(tmp_path, monkeypatch):
    """Twelve digits of the last commit, and that files were changed since."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    monkeypatch.setattr(model_card, "__file__", str(tmp_path / "model_card.py"))
    subprocess.run([*git, "init", "--quiet"], check=True)
    (tmp_path / "a").write_text("1")
    subprocess.run([*git, "add", "a"], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "a"], check=True)
    assert re.fullmatch("[0-9a-f]{12}", model_card._commit())  # noqa: SLF001
    (tmp_path / "a").write_text("2")
    assert re.fullmatch("[0-9a-f]{12}-dirty", model_card._commit())  # noqa: SLF001


def test_outside_a_checkout_the_commit_is_unknown(tmp_path, monkeypatch):
    """An installed program has no history."""
    monkeypatch.setattr(model_card, "__file__", str(tmp_path / "model_card.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert model_card._commit() == "unknown"  # noqa: SLF001
