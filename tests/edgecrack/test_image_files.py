"""Pictures in the order a person would count them."""

import pytest

from edgecrack.errors import InputError
from edgecrack.image_files import list_images


def test_numbers_in_names_count_as_numbers(tmp_path):
    """2 comes before 10, whatever the letter case and the ending."""
    names = ["img2.jpg", "IMG10.JPG", "img1.png", "b.tiff", "10.bmp", "9.webp", "img2b.jpeg"]
    for name in names:
        (tmp_path / name).touch()
    wanted = ["9.webp", "10.bmp", "b.tiff", "img1.png", "img2.jpg", "img2b.jpeg", "IMG10.JPG"]
    assert [path.name for path in list_images(tmp_path)] == wanted


def test_what_is_no_picture_is_left_out(tmp_path):
    """Texts, directories and hidden files are not listed."""
    (tmp_path / "a.jpg").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._a.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg"]


def test_a_directory_without_pictures_is_refused(tmp_path):
    """The endings that would count are told."""
    with pytest.raises(InputError, match=r"holds no pictures \(bmp, jpeg, jpg"):
        list_images(tmp_path)


def test_what_cannot_be_listed_is_refused(tmp_path):
    """A path that is no directory is an InputError with the system's reason."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be listed: Not a directory"):
        list_images(tmp_path / "file")
    with pytest.raises(InputError, match="cannot be listed: No such file"):
        list_images(tmp_path / "missing")
