"""An export that cannot be used is refused in one sentence, and nothing is written."""

import json
import os

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError
from tests.training.imports.exports import coco_of, cvat_of, labelme_of, write_coco, write_pictures
from training.imports import annotation_file


@pytest.fixture
def refused(tmp_path, run_import):
    """Return a function: an export, what its refusal names -> nothing; it must be refused."""

    def check(export, named, *options):
        with pytest.raises(InputError, match=named) as caught:
            run_import(export, "--crack", "crack", *options, "--out", tmp_path / "out")
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 66
        assert not (tmp_path / "out").exists()
        assert not (tmp_path / ".out.part").exists()

    return check


def test_a_missing_picture_is_named(tmp_path, refused):
    """With the option that says where pictures are."""
    export = write_coco(tmp_path / "export")
    (tmp_path / "export" / "images" / "b.png").unlink()
    refused(export, r"b\.png.*--images")


def test_a_picture_of_another_size_is_named(tmp_path, refused):
    """With both sizes."""
    export = write_coco(tmp_path / "export")
    small = cv2.imencode(".png", np.zeros((15, 20, 3), np.uint8))[1].tobytes()
    (tmp_path / "export" / "images" / "b.png").write_bytes(small)
    refused(export, r"40x30.*b\.png.*20x15")


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_damaged_picture_is_named(tmp_path, refused, content):
    """An empty file, or one that is no picture."""
    export = write_coco(tmp_path / "export")
    (tmp_path / "export" / "images" / "b.png").write_bytes(content)
    refused(export, r"b\.png")


@pytest.mark.parametrize(
    "name",
    ["../b.png", "/etc/passwd", "C:\\b.png", "..\\b.png", "x/../../b.png", "", ".", "b\0.png"],
)
def test_no_name_leads_out_of_the_pictures_folder(tmp_path, refused, name):
    """Neither by dots nor by a path from the root, nor a name that is none."""
    write_coco(tmp_path / "export")
    write_pictures(tmp_path / "export", ("b.png",))
    (tmp_path / "export" / "coco.json").write_text(json.dumps(coco_of(("a.png", name))))
    refused(tmp_path / "export" / "coco.json", "--images")
    shape = {"label": "crack", "points": [[1, 1], [9, 1], [9, 9]]}
    (tmp_path / "one.json").write_text(json.dumps(labelme_of(name, [shape])))
    refused(tmp_path / "one.json", "--images", "--images", tmp_path / "export" / "images")


@pytest.mark.parametrize("names", [("a.png", "a.jpg"), ("x/a.png", "x_a.png"), ("a.png", "a.gif")])
def test_pictures_need_names_of_their_own(tmp_path, refused, names):
    """Two that would get the same masks, and a kind that training does not read."""
    write_pictures(tmp_path, names)
    (tmp_path / "coco.json").write_text(json.dumps(coco_of(names)))
    refused(tmp_path / "coco.json", "a.*rename|gif")


COCO_DAMAGE = {
    "polygon outside": {"segmentation": [[1, 1, 50, 1, 9, 9]]},
    "two points": {"segmentation": [[1, 1, 5, 1]]},
    "odd points": {"segmentation": [[1, 1, 5, 1, 9, 9, 2]]},
    "no numbers": {"segmentation": [["a", 1, 5, 1, 9, 9]]},
    "too large a number": {"segmentation": [[10**400, 1, 5, 1, 9, 9]]},
    "not finite": {"segmentation": [[float("nan"), 1, 5, 1, 9, 9]]},
    "a box only": {"segmentation": []},
    "runs of another size": {"segmentation": {"size": [3, 3], "counts": [9]}},
    "runs too short": {"segmentation": {"size": [30, 40], "counts": [9]}},
    "runs without end": {"segmentation": {"size": [30, 40], "counts": "ooo"}},
    "runs without a size": {"segmentation": {"counts": [1200]}},
    "a text": {"segmentation": "abc"},
    "no such picture": {"image_id": 99},
    "no such category": {"category_id": 99},
    "a picture that is a list": {"image_id": [7]},
}


@pytest.mark.parametrize("damage", COCO_DAMAGE.values(), ids=COCO_DAMAGE)
def test_a_damaged_coco_annotation_is_named(tmp_path, refused, damage):
    """The file is named, whatever is wrong."""
    export, document = write_coco(tmp_path / "export"), coco_of()
    document["annotations"][2] |= damage
    export.write_text(json.dumps(document))
    refused(export, r"coco\.json")


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '{"images": [], "annotations": []}',
        '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "crack"}]}',
        '{"images": 5, "annotations": [], "categories": [{"id": 1, "name": "crack"}]}',
        '{"images": [5], "annotations": [], "categories": [{"id": 1, "name": "crack"}]}',
        '{"shapes": 5, "imagePath": "a.png"}',
        '{"shapes": [5], "imagePath": "a.png"}',
        '{"shapes": [{"label": "crack", "points": [[1, 2]]}], "imagePath": "a.png"}',
        '{"shapes": [{"label": "crack", "points": "abc"}], "imagePath": "a.png"}',
        '{"shapes": []}',
    ],
)
def test_what_is_no_export_is_refused(tmp_path, run_import, document):
    """Another JSON document, a broken one, one without pictures."""
    (tmp_path / "x.json").write_text(document)
    with pytest.raises(InputError) as caught:
        run_import(tmp_path / "x.json", "--crack", "crack", "--out", tmp_path / "out")
    assert "\n" not in str(caught.value)


def test_shapes_that_are_no_region_are_refused(tmp_path, refused):
    """A point, a circle, a line without a width; a box, where it should be a crack."""
    write_pictures(tmp_path, ("a.png",))
    for kind in ("point", "circle", "line", "rectangle"):
        shape = {"label": "crack", "points": [[1, 1], [9, 9]], "shape_type": kind}
        (tmp_path / "a.json").write_text(json.dumps(labelme_of("a.png", [shape])))
        refused(tmp_path / "a.json", kind if kind != "rectangle" else "box")


CVAT_DAMAGE = {
    "polygon without points": '<polygon label="crack"/>',
    "polygon of words": '<polygon label="crack" points="a,b;c,d;e,f"/>',
    "polygon without a label": '<polygon points="1,1;2,2;3,1"/>',
    "polygon outside": '<polygon label="crack" points="1,1;52,2;3,1"/>',
    "mask of another size": '<mask label="crack" rle="5" left="0" top="0" width="2" height="2"/>',
    "ellipse": '<ellipse label="crack" cx="5" cy="5" rx="1" ry="1"/>',
    "box": '<box label="crack" xtl="1" ytl="1" xbr="3" ybr="3"/>',
    "turned box": '<box label="crack" xtl="1" ytl="1" xbr="3" ybr="3" rotation="9"/>',
    "not closed": "<polygon>",
}


@pytest.mark.parametrize("shapes", CVAT_DAMAGE.values(), ids=CVAT_DAMAGE)
def test_a_damaged_cvat_file_is_named(tmp_path, refused, shapes):
    """Whatever is wrong in it."""
    write_pictures(tmp_path)
    (tmp_path / "a.xml").write_text(cvat_of(shapes))
    refused(tmp_path / "a.xml", r"a\.xml")


def test_entities_are_not_expanded(tmp_path, refused):
    """A file that declares some, which could fill the memory or read other files, is refused."""
    levels = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE annotations [<!ENTITY e0 "crack">{levels}]>'
    (tmp_path / "a.xml").write_text(cvat_of('<polygon label="&e9;" points="1,1"/>', bomb))
    refused(tmp_path / "a.xml", "document type")


@pytest.mark.parametrize("root", ["<svg/>", "<annotations><track/></annotations>", "<", "<a"])
def test_another_xml_file_is_refused(tmp_path, refused, root):
    """Another root, CVAT for video, no XML at all."""
    (tmp_path / "a.xml").write_text(root)
    refused(tmp_path / "a.xml", r"a\.xml")


def test_a_file_beyond_the_limit_is_not_read(tmp_path, refused, monkeypatch):
    """The limit is stated."""
    export = write_coco(tmp_path / "export")
    (tmp_path / "a.xml").write_text(cvat_of("") + " " * (1 << 20))
    monkeypatch.setattr(annotation_file, "LIMIT_BYTES", 1 << 20)
    with export.open("ab") as file:
        file.truncate(2 << 20)
    refused(export, "1 MiB")
    refused(tmp_path / "a.xml", "1 MiB")


def test_a_pipe_or_nothing_is_no_export(tmp_path, refused):
    """What is not there, a folder without LabelMe files, and what never ends."""
    refused(tmp_path / "none.json", r"none\.json")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "empty")
    os.mkfifo(tmp_path / "a.json")
    refused(tmp_path / "a.json", r"a\.json")
