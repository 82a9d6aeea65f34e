"""The page, in a real browser."""

import json
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError, SinkError
from edgecrack.page import film
from edgecrack.page.document import write_page
from edgecrack.page.shown_frames import MOST_FRAMES, DrivenTrack, chosen
from edgecrack.page.tables import DASH, Score
from edgecrack.run_reader import read_run
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.synthetic.drive import drive_fixes

SCORE = Score("F1, 5 px", 0.8125, 0.84, 0.79, "every frame, many-to-one within 5 px")
WHEN_SHOWN = """
  const film = document.getElementById("drive");
  if (film.readyState < film.HAVE_CURRENT_DATA)
    await new Promise((shown) => film.addEventListener("loadeddata", shown, { once: true }));
  window.sought = new Promise((at) => film.addEventListener("seeked", at, { once: true }));
  const tick = document.querySelectorAll(".mark")[2];
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


AS_SHOWN = """
  const rows = [...document.querySelectorAll("#card-facts > div")];
  return {
    width: innerWidth,
    overflow: document.documentElement.scrollWidth - innerWidth,
    cut: [...document.querySelectorAll("section")].map((box) => box.scrollWidth - box.clientWidth),
    title: document.getElementById("card-title").textContent,
    facts: Object.fromEntries(rows.map((row) => [...row.children].map((part) => part.textContent))),
    marks: document.querySelectorAll(".mark").length,
    signs: document.querySelectorAll(".key > li").length,
    vehicle: Boolean(document.getElementById("vehicle")),
  };
"""


@pytest.fixture(scope="module")
def page(run_dir, spec, tmp_path_factory):
    """Return the page of the small run."""
    page = tmp_path_factory.mktemp("page") / "index.html"
    driven = DrivenTrack(drive_fixes(spec), spec.start_ns)
    return write_page(page, read_run(run_dir), driven, [SCORE])


def bare_run(folder):
    """Return a run of which nothing is known."""
    (folder / "run.json").write_text("{}")
    return read_run(folder)


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
    assert "vehicle" in outline.ids


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
    """A run without cracks, video, report or track becomes a page without video, map and score."""
    text = write_page(tmp_path / "out" / "page.html", bare_run(tmp_path)).read_text()
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert "<video" not in text
    assert {"map", "vehicle", "score-title"} & set(outline.ids) == set()
    assert DASH in text


def test_markup_in_a_run_stays_text(tmp_path):
    """No name and no time that a run holds can end the page's data or become a tag."""
    evil = "</script><script>alert(1)</script><img src=//x>\ud800"
    frame = {"t_utc": evil, "name": evil, "mask": evil, "picture": evil, "position_quality": evil}
    (tmp_path / "cracks.geojsonl").write_text(json.dumps({"properties": frame}) + "\n")
    record = {
        **dict.fromkeys(("run_id", "edgecrack", "position", "first_utc", "last_utc"), evil),
        "source": {"name": evil},
        "model": {"name": evil, "data_terms": [evil]},
        "region": {"x_px": evil},
        "exit_reason": evil,
        "config": {"source": evil},
    }
    (tmp_path / "run.json").write_text(json.dumps(record))
    report = {"device": {evil: evil}, "backend": evil, "frames_dropped": {evil: 1}, evil: evil}
    (tmp_path / "report.json").write_text(json.dumps(report))
    text = write_page(tmp_path / "page.html", read_run(tmp_path)).read_text()
    outline = Outline()
    outline.feed(text)
    assert text.count("alert(1)") > 10
    assert text.count("<script") == 2
    assert "<img src=//x" not in text
    assert all(source.startswith("data:") for source in outline.loads)


def test_no_run_and_an_unwritable_place_are_named(tmp_path):
    """No run is an input error, a place that cannot be written a sink error."""
    with pytest.raises(InputError, match=r"run\.json"):
        read_run(tmp_path)
    run = bare_run(tmp_path)
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "folder", tmp_path / "run.json" / "page.html"):
        with pytest.raises(SinkError, match=re.escape(str(place))):
            write_page(place, run)
    assert list((tmp_path / "folder").iterdir()) == []


def test_an_earlier_page_is_replaced_and_nothing_else(tmp_path):
    """A page may be written again; a file that is no page is left as it is."""
    run = bare_run(tmp_path)
    page = write_page(tmp_path / "page.html", run)
    assert write_page(page, run) == page
    page.write_text("my notes")
    with pytest.raises(SinkError, match=re.escape(str(page))):
        write_page(page, run)
    assert page.read_text() == "my notes"


def test_of_thousands_of_frames_the_worst_of_each_stretch_is_shown(tmp_path):
    """The page holds a bounded number of frames, says so, and leaves out no long stretch."""
    count = 7 * MOST_FRAMES + 3
    facts = [
        {"frame": n, "media_time_s": n / 25, "area_share": n * 7 % 10 / 100} for n in range(count)
    ]
    lines = "".join(json.dumps({"properties": fact}) + "\n" for fact in facts)
    (tmp_path / "cracks.geojsonl").write_text(lines)
    shown = chosen(bare_run(tmp_path).observations)
    numbers = [frame.frame for frame in shown]
    assert len(numbers) == MOST_FRAMES
    assert numbers == sorted(numbers)
    assert max(right - left for left, right in pairwise(numbers)) <= 14
    assert min(frame.area_share for frame in shown) >= 0.06
    text = write_page(tmp_path / "page.html", read_run(tmp_path)).read_text()
    assert f"{count:,}" in text
    assert text.count('"index":') == MOST_FRAMES


def test_a_large_video_stays_beside_the_page_and_plays(tmp_path, run_dir, browser, monkeypatch):
    """Above the bound the page names the video from where it lies, and Chromium plays it."""
    folder = Path(shutil.copytree(run_dir, tmp_path / "a run #1"))
    monkeypatch.setattr(film, "MOST_VIDEO_BYTES", 1)
    page = write_page(tmp_path / "pages" / "index.html", read_run(folder))
    assert "data:video" not in page.read_text()
    browser.open(page, 500, 900)
    assert browser.answer(WHEN_SHOWN)["size"] == "480x270"


@pytest.mark.parametrize("width_px", [400, 1280])
@pytest.mark.parametrize("is_located", [True, False])
def test_chromium_shows_a_run_of_ones_own(tmp_path, run_dir, browser, width_px, is_located):
    """At both widths nothing scrolls sideways, the worst frame is shown, its labels name units."""
    folder = Path(shutil.copytree(run_dir, tmp_path / "run"))
    lines = folder / "cracks.geojsonl"
    if not is_located:
        written = lines.read_text().splitlines()
        features = [json.loads(line) | {"geometry": None} for line in written]
        lines.write_text("".join(json.dumps(feature) + "\n" for feature in features))
    slow = dict.fromkeys(("count", "p50_ms", "p95_ms", "p99_ms", "core_ms"), 4321.5)
    stages = {"stages": {"infer": slow}, "capture_to_result_ms": slow}
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps({**report, **stages}))
    page = write_page(folder / "index.html", read_run(folder))
    browser.open(page, width_px, 900)
    found = browser.answer(AS_SHOWN)
    worst = max(read_run(folder).observations, key=lambda frame: frame.area_share)
    assert found["width"] == width_px
    assert found["overflow"] <= 0
    assert set(found["cut"]) == {0}
    assert found["title"].startswith(f"Frame {worst.frame},")
    place = f"{worst.lat_deg:.6f}, {worst.lon_deg:.6f}" if is_located else "not located"
    assert found["facts"]["Latitude, longitude"] == place
    assert found["facts"]["Time, UTC"] == worst.t_utc.replace("T", " ").rstrip("Z")
    assert found["marks"] == (len(read_run(folder).observations) if is_located else 0)
    assert found["signs"] == (3 if is_located else 0)
    assert not found["vehicle"]


def test_the_page_outlives_a_power_cut(tmp_path):
    """Once written, the page and the folder made for it are durable."""
    disk = MemoryDisk()
    page = write_page(Path("/deep/page/index.html"), bare_run(tmp_path), disk=disk)
    left = disk.after_power_cut(Random(0), Unsynced.LOST).files()

    assert left == disk.files()
    assert left[page].endswith(b"</html>\n")
