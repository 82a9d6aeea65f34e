"""The page, in a real browser."""

import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

from edgecrack.errors import InputError, SinkError
from edgecrack.page.document import write_page
from edgecrack.page.tables import Score
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
    findings: JSON.parse(document.getElementById("data").textContent).findings,
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
    """Collects what a page would load, its ids, and whether its tags are closed."""

    def __init__(self):
        super().__init__()
        self.loads, self.ids, self.open = [], [], []

    def handle_starttag(self, tag, attrs):
        """Note what the tag loads and names."""
        facts = dict(attrs)
        self.loads += [facts[key] for key in ("src", "href", "poster") if facts.get(key)]
        self.ids += [facts["id"]] if "id" in facts else []
        if tag not in {"meta", "link", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Insist that the innermost tag is the one that ends."""
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


def test_the_page_says_what_ran_how_fast_and_how_well(page):
    """Rate, stages, model, terms and the score with its protocol are in the text, escaped."""
    text = page.read_text()
    wanted = ["30.5", "3.8", "capture to result", "research &amp; demonstration", "81.2"]
    wanted += [SCORE.protocol, "nha12d: none stated", "a &lt;fast&gt; CPU", "200 MB"]
    assert [phrase for phrase in wanted if phrase not in text] == []


def test_chromium_plays_the_video_and_a_mark_on_the_map_seeks_it(page, browser):
    """A click on the third crack moves the video to that frame, and nothing scrolls sideways."""
    browser.open(page, 500, 900)
    shown = browser.answer(WHEN_SHOWN)
    browser.click(shown["x"], shown["y"])
    sought = browser.answer(WHEN_SOUGHT)
    third = shown["findings"][2]
    assert shown["size"] == "480x270"
    assert shown["overflow"] <= 0
    assert sought["ready"]
    assert sought["at"] == pytest.approx(third["time"], abs=0.05)
    assert sought["card"].startswith(f"Frame {third['frame']},")


def test_chromium_draws_it(page, browser):
    """The screenshot shows text, picture and colour, not a blank sheet."""
    browser.open(page, 1280, 1400)
    picture = cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[1] == 1280
    assert picture[300:700].std() > 20
    colour = picture.max(axis=2).astype(int) - picture.min(axis=2)
    assert (colour > 80).mean() > 0.001


def test_a_bare_run_still_makes_a_page(tmp_path):
    """A run without cracks, video, report or track becomes a page of dashes."""
    (tmp_path / "run.json").write_text("{}")
    text = write_page(tmp_path / "out", tmp_path, [], 0).read_text()
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    assert "no overlay video" in text
    assert "no map" in text


def test_script_in_the_records_stays_text(tmp_path):
    """A time that holds markup cannot end the page's data."""
    (tmp_path / "run.json").write_text("{}")
    evil = {"properties": {"t_utc": "</script><script>alert(1)</script>"}, "geometry": None}
    (tmp_path / "cracks.geojsonl").write_text(json.dumps(evil))
    text = write_page(tmp_path / "out", tmp_path, [], 0).read_text()
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_failures_are_one_sentence(tmp_path):
    """No run is an input error, an unwritable folder a sink error."""
    with pytest.raises(InputError, match=r"no run\.json"):
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
