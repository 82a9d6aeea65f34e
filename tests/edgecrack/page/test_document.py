"""The page, in a real browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError, SinkError
from edgecrack.page.document import write_page
from edgecrack.page.tables import DASH, Score
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.synthetic.drive import drive_fixes

SCORE = Score("F1, 5 px", 0.8125, 0.84, 0.79, "every frame, many-to-one within 5 px")
WHEN_SHOWN = """
  const film = document.getElementById("drive");
  if (film.readyState < film.HAVE_CURRENT_DATA)
    await new Promise((shown) => film.addEventListener("loadeddata", shown, { once: true }));
  window.sought = new Promise((at) => film.addEventListener("seeked", at, { once: true }));
  const tick = document.querySelectorAll(".tick")[2];
  tick.scrollIntoView({ behavior: "instant", block: "center" });
  const box = tick.getBoundingClientRect();
  return {
    x: box.x + box.width / 2,
    y: box.y + box.height / 2,
    size: document.documentElement.dataset.video,
    overflow: document.documentElement.scrollWidth - innerWidth,
    frames: JSON.parse(document.getElementById("data").textContent).frames,
  };
"""
WHEN_SOUGHT = """
  await window.sought;
  const film = document.getElementById("drive");
  return {
    ready: film.readyState >= film.HAVE_CURRENT_DATA,
    at: film.currentTime,
    card: document.getElementById("card-title").textContent,
  };
"""


@pytest.fixture(scope="module")
def page(run_dir, spec, tmp_path_factory):
    """Return the page of the small run."""
    folder = tmp_path_factory.mktemp("page")
    return write_page(folder, run_dir, drive_fixes(spec), spec.start_ns, [SCORE])


class Outline(HTMLParser):
    """Collects the URLs a page would load, its ids, and its tags that are open."""

    def __init__(self):
        super().__init__()
        self.loads, self.ids, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        """Collect the tag's URLs and id."""
        values = dict(attrs)
        self.loads += [values[key] for key in ("src", "href", "poster") if values.get(key)]
        self.ids += [values["id"]] if "id" in values else []
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Assert that the innermost open tag is the one that ends."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        """Treat a self-closing tag as both."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)


def test_the_page_is_one_closed_file(page):
    """It loads data URIs only, names no server, closes its tags, and uses each id once."""
    text = page.read_text()
    outline = Outline()
    outline.feed(text)
    assert len(outline.loads) >= 3
    assert all(source.startswith("data:") for source in outline.loads)
    assert not re.search(r"https?://|@import|url\(", text)
    assert not outline.open
    assert len(set(outline.ids)) == len(outline.ids)
    assert list(page.parent.iterdir()) == [page]


def test_the_page_shows_model_speed_and_score(page):
    """Rate, stages, model, terms and the score with its protocol are in the text, escaped."""
    text = page.read_text()
    phrases = ["30.5", "3.8", "capture to result", "research &amp; demonstration", "81.2"]
    phrases += [SCORE.protocol, "nha12d: none stated", "a &lt;fast&gt; CPU", "200 MB"]
    assert [phrase for phrase in phrases if phrase not in text] == []


def test_chromium_plays_the_video_and_a_mark_on_the_map_seeks_it(page, browser):
    """A click on the third crack moves the video to that frame, and nothing scrolls sideways."""
    browser.open(page, 500, 900)
    shown = browser.answer(WHEN_SHOWN)
    browser.click(shown["x"], shown["y"])
    sought = browser.answer(WHEN_SOUGHT)
    third = shown["frames"][2]
    assert shown["size"] == "480x270"
    assert shown["overflow"] <= 0
    assert sought["ready"]
    assert sought["at"] == pytest.approx(third["time"], abs=0.05)
    assert sought["card"].startswith(f"Frame {third['index']},")


def test_chromium_draws_the_page(page, browser):
    """The screenshot has text, pictures and colour."""
    browser.open(page, 1280, 1400)
    picture = cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] == 1280
    assert picture[300:700].std() > 20
    colour = picture.max(axis=2).astype(int) - picture.min(axis=2)
    assert (colour > 80).mean() > 0.001


def test_a_bare_run_still_makes_a_page(tmp_path):
    """A run without cracks, video, report or track becomes a page without video and map."""
    (tmp_path / "run.json").write_text("{}")
    text = write_page(tmp_path / "out", tmp_path, [], 0).read_text()
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert "<video" not in text
    assert 'id="map"' not in text
    assert DASH in text


def test_script_in_the_records_stays_text(tmp_path):
    """A time that holds markup cannot end the page's data."""
    (tmp_path / "run.json").write_text("{}")
    evil = {"properties": {"t_utc": "</script><script>alert(1)</script>"}, "geometry": None}
    (tmp_path / "cracks.geojsonl").write_text(json.dumps(evil) + "\n")
    text = write_page(tmp_path / "out", tmp_path, [], 0).read_text()
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_no_run_and_an_unwritable_folder_are_named(tmp_path):
    """No run is an input error, an unwritable folder a sink error."""
    with pytest.raises(InputError, match=r"run\.json"):
        write_page(tmp_path / "out", tmp_path, [], 0)
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(SinkError, match=re.escape(str(tmp_path))):
        write_page(tmp_path / "run.json", tmp_path, [], 0)


def test_a_page_that_cannot_be_put_in_place_leaves_nothing_half_written(tmp_path):
    """Where a folder stands in the page's place, the part written so far is removed."""
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    with pytest.raises(SinkError, match=re.escape(str(tmp_path))):
        write_page(tmp_path / "out", tmp_path, [], 0)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]


def test_the_page_outlives_a_power_cut(tmp_path):
    """Once written, the page and the folder made for it are durable."""
    (tmp_path / "run.json").write_text("{}")
    disk = MemoryDisk()
    page = write_page(Path("/deep/page"), tmp_path, [], 0, disk=disk)
    left = disk.after_power_cut(Random(0), Unsynced.LOST).files()

    assert left == disk.files()
    assert left[page].endswith(b"</html>\n")
