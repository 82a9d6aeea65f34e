"""Picture files come sorted by the numbers in their names."""

import errno
import os

import pytest

from edgecrack.errors import InputError
from edgecrack.image_files import list_images


def test_numbers_in_names_count_as_numbers(tmp_path):
    """2 comes before 10, whatever the case and the ending; 01 and 1 have a fixed order."""
    wanted = ["9.webp", "10.bmp", "a.tif", "b.tiff", "img1.png", "img02.jpg", "img2.jpg"]
    wanted += ["img2b.jpeg", "IMG10.JPG"]
    for name in reversed(wanted):
        (tmp_path / name).touch()
    assert [path.name for path in list_images(tmp_path)] == wanted


def test_what_is_no_picture_is_left_out(tmp_path):
    """Texts, directories and hidden files are not listed."""
    (tmp_path / "a.jpg").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._a.jpg").touch()
    (tmp_path / "folder.jpg").mkdir()
    assert [path.name for path in list_images(tmp_path)] == ["a.jpg"]


def test_a_directory_without_pictures_is_refused(tmp_path):
    """The directory is named, and the endings that are looked for."""
    with pytest.raises(InputError, match=rf"{tmp_path.name}.*bmp, jpeg, jpg, png, tif, tiff, webp"):
        list_images(tmp_path)


@pytest.mark.parametrize(("name", "reason"), [("file", errno.ENOTDIR), ("missing", errno.ENOENT)])
def test_a_path_that_is_no_directory_is_refused(tmp_path, name, reason):
    """It is named, with the system's reason."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=rf"/{name}\b.*{os.strerror(reason)}"):
        list_images(tmp_path / name)
