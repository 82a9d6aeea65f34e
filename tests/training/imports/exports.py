"""Small exports in each format, all of the same two pictures and the same shapes."""

import base64
import json

import cv2
import numpy as np

WIDTH, HEIGHT = 40, 30
CRACK = [[3.2, 4.1], [30.7, 9.4], [29.9, 12.2], [2.8, 7.3]]
ROAD = [[0, 10], [40, 10], [40, 30], [0, 30]]
PAINT = [[18, 15], [22, 15], [22, 28], [18, 28]]
SPOT = np.zeros((HEIGHT, WIDTH), np.uint8)
SPOT[20:24, 5:9] = 1


def write_pictures(folder, names=("a.png", "b.png")):
    """Write pictures of random pixels."""
    for seed, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
        (folder / name).write_bytes(cv2.imencode(".png", pixels)[1].tobytes())


def coco_of(names=("a.png", "b.png")):
    """Return a COCO document: polygons, and the spot as plain run lengths."""
    spot = SPOT.ravel(order="F")
    edges = np.flatnonzero(np.diff(spot)) + 1
    counts = np.diff([0, *edges, spot.size]).tolist()
    segmentations = [
        (2, [np.ravel(ROAD).tolist()]),
        (3, [np.ravel(PAINT).tolist()]),
        (1, [np.ravel(CRACK).tolist()]),
        (1, {"size": [HEIGHT, WIDTH], "counts": counts}),
        (4, [[1, 1, 2, 1, 2, 2]]),
    ]
    return {
        "images": [
            {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT}
            for number, name in enumerate(names, start=7)
        ],
        "categories": [
            {"id": number, "name": name}
            for number, name in enumerate(("crack", "road", "marking", "pothole"), start=1)
        ],
        "annotations": [
            {"id": number, "image_id": 7, "category_id": category, "segmentation": segmentation}
            for number, (category, segmentation) in enumerate(segmentations)
        ],
    }


def write_coco(folder):
    """Write a COCO export and return its path."""
    write_pictures(folder / "images")
    (folder / "coco.json").write_text(json.dumps(coco_of()))
    return folder / "coco.json"


def labelme_of(name, shapes):
    """Return a LabelMe document."""
    return {
        "version": "5.4.1",
        "imagePath": name,
        "imageWidth": WIDTH,
        "imageHeight": HEIGHT,
        "imageData": None,
        "shapes": shapes,
    }


def write_labelme(folder):
    """Write a LabelMe export and return its folder; the road is a rectangle, the spot a mask."""
    write_pictures(folder)
    spot = base64.b64encode(cv2.imencode(".png", SPOT[20:24, 5:9])[1].tobytes()).decode()
    shapes = [
        {"label": "road", "points": [[0, 10], [40, 30]], "shape_type": "rectangle"},
        {"label": "marking", "points": PAINT, "shape_type": "polygon"},
        {"label": "crack", "points": CRACK},
        {"label": "crack", "points": [[5, 20], [8, 23]], "shape_type": "mask", "mask": spot},
        {"label": "pothole", "points": [[1, 1], [2, 1], [2, 2]], "shape_type": "polygon"},
    ]
    for name, drawn in (("a", shapes), ("b", [])):
        (folder / f"{name}.json").write_text(json.dumps(labelme_of(f"{name}.png", drawn)))
    return folder


def points(values):
    """Return points as CVAT writes them."""
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in values)


def cvat_of(shapes, head=""):
    """Return a CVAT document of the two pictures, with shapes on the first."""
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    names = ("crack", "road", "marking", "pothole", "never used")
    labels = "".join(f"<label><name>{name}</name></label>" for name in names)
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<annotations><version>1.1</version>'
        f"<meta><task><labels>{labels}</labels></task></meta>"
        f'<image id="0" name="a.png" {size}>{shapes}</image><image id="1" name="b.png" {size}/>'
        "</annotations>"
    )


def write_cvat(folder):
    """Write a CVAT export and return its path; the road comes last but lies lowest."""
    write_pictures(folder / "images")
    shapes = (
        f'<polygon label="crack" points="{points(CRACK)}" z_order="1"/>'
        '<mask label="crack" rle="0, 16" left="5" top="20" width="4" height="4" z_order="1"/>'
        f'<polygon label="marking" points="{points(PAINT)}" z_order="1"/>'
        '<polygon label="pothole" points="1,1;2,1;2,2" z_order="1"/>'
        '<box label="road" xtl="0" ytl="10" xbr="40" ybr="30" z_order="0"/>'
    )
    (folder / "annotations.xml").write_text(cvat_of(shapes))
    return folder / "annotations.xml"
