"""The folder of one small run and one browser, for all tests of the page."""

import base64
import json
import shutil
import subprocess
import urllib.error
import urllib.request
from datetime import datetime, timezone

import cv2
import numpy as np
import pytest

from edgecrack.gst.writer import VideoWriter
from edgecrack.synthetic.drive import drive_fixes


@pytest.fixture(scope="session")
def run_dir(tmp_path_factory, frames, spec):
    """Write the files of a run, with the true masks in place of a network's."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("masks", "frames"):
        (folder / name).mkdir()
    overlay = VideoWriter(folder / "overlay.mp4", spec.width_px, spec.height_px, spec.fps)
    fixes = drive_fixes(spec)
    lines = []
    for frame in frames:
        overlay.write(frame.picture, frame.pts_ns)
        if not frame.mask.any():
            continue
        name = f"{frame.index:08d}"
        cv2.imwrite(str(folder / "masks" / f"{name}.png"), frame.mask)
        cv2.imwrite(str(folder / "frames" / f"{name}.jpg"), frame.picture[..., ::-1])
        lines.append(json.dumps(feature(spec, frame, fixes[frame.index // 2 + spec.fix_hz], name)))
    overlay.close()
    (folder / "cracks.geojsonl").write_text("\n".join(lines) + "\n")
    (folder / "report.json").write_text(json.dumps(REPORT))
    (folder / "run.json").write_text(json.dumps(RUN))
    return folder


def feature(spec, frame, fix, name):
    """Return the line a run writes about a cracked frame."""
    utc = datetime.fromtimestamp((spec.start_ns + frame.pts_ns) / 1e9, timezone.utc)
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [fix.lon_deg, fix.lat_deg]},
        "properties": {
            "frame": frame.index,
            "t_utc": f"{utc:%Y-%m-%dT%H:%M:%S.000Z}",
            "media_time_s": frame.pts_ns / 1e9,
            "area_share": float(np.mean(frame.mask > 0)),
            "crack_count": 2,
            "position_quality": "interpolated",
            "heading_deg": fix.heading_deg,
            "speed_mps": fix.speed_mps,
            "mask": f"masks/{name}.png",
            "picture": f"frames/{name}.jpg",
        },
    }


STAGE = {"count": 12, "p50_ms": 1.25, "p95_ms": 2.5, "p99_ms": 3.75, "core_ms": 1.5}
REPORT = {
    "frames_in": 12,
    "frames_inferred": 12,
    "frames_dropped": {"capture": 0, "overlay": 2},
    "frames_out": 12,
    "fps_in": 31.0,
    "fps_out": 30.5,
    "wall_s": 0.4,
    "stages": dict.fromkeys(("decode", "infer", "mask", "measure", "emit"), STAGE),
    "capture_to_result_ms": {key: STAGE[key] for key in STAGE if key != "core_ms"},
    "core_ms_per_frame": 7.5,
    "overhead_core_ms": 6.0,
    "backend": "onnxruntime",
    "precision": "fp32",
    "device": "a <fast> CPU",
    "bundle": {"name": "road", "release": "1", "sha256": "ab" * 32},
    "peak_memory_bytes": 200_000_000,
}
RUN = {
    "run_id": "r1",
    "edgecrack": "0.1.0",
    "model": {
        "name": "road",
        "release": "1",
        "sha256": "ab" * 32,
        "licence": "research & demonstration",
        "data_terms": ["CrackForest: non-commercial", "nha12d: none stated"],
    },
    "first_utc": "2026-06-01T09:00:00Z",
    "last_utc": "2026-06-01T09:00:01Z",
    "exit_reason": "end of stream",
}


class Browser:
    """Chromium without a window, driven over WebDriver: every call returns when it is done."""

    def __init__(self, driver_url, profile):
        quiet = "headless no-sandbox disable-gpu disable-background-networking disable-sync"
        flags = [*quiet.split(), "disable-component-update", "no-first-run"]
        options = {
            "binary": shutil.which("chromium") or shutil.which("chromium-browser"),
            "args": [*(f"--{flag}" for flag in flags), f"--user-data-dir={profile}"],
        }
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "timeouts": {"script": 60_000}}}
        self._url = f"{driver_url}/session"
        self._url += f"/{self._call('POST', '', {'capabilities': wanted})['sessionId']}"

    def open(self, page, width_px, height_px):
        """Show a file in a window of this size, and wait until it is loaded."""
        self._call("POST", "/window/rect", {"width": width_px, "height": height_px})
        self._call("POST", "/url", {"url": page.as_uri()})

    def answer(self, script):
        """Run the body of an async function in the page, and return what it returns."""
        ended = "then(done, (fault) => done(String(fault)))"
        body = f"const done = arguments[0]; (async () => {{ {script} }})().{ended};"
        return self._call("POST", "/execute/async", {"script": body, "args": []})

    def click(self, x_px, y_px):
        """Press and release the mouse at a place of the window."""
        steps = [
            {"type": "pointerMove", "x": round(x_px), "y": round(y_px)},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"type": "pointer", "id": "mouse", "actions": steps}
        self._call("POST", "/actions", {"actions": [mouse]})

    def screenshot(self):
        """Return what is seen, as PNG."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def close(self):
        """End the browser."""
        self._call("DELETE", "")

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {json.load(error)['value']}") from error


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a browser that ends with the tests."""
    driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
    started = next(line for line in driver.stdout if "started successfully on port" in line)
    port = started.rpartition(" ")[2].strip().rstrip(".")
    chromium = Browser(f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()
    driver.terminate()
    driver.communicate()
