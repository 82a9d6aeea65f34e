"""The benchmark as a whole, on the tiny bundle: every variant, each in a process of its own."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from edgecrack.bench import benchmark as module
from edgecrack.bench.apart import apart
from edgecrack.bench.benchmark import BenchSpec, benchmark
from edgecrack.bench.clip import read_frames, write_clip
from edgecrack.bench.memory import peak_memory_bytes
from edgecrack.bench.variant import Job, measure_variant
from edgecrack.bench.whole_run import measure_run
from edgecrack.errors import BundleError, EdgecrackError, UsageError
from edgecrack.models.variants import variants
from edgecrack.segmenters import ModelSpec


@pytest.fixture(scope="module")
def result(tiny_bundle):
    """Return a benchmark of inference alone."""
    told = []
    spec = BenchSpec(bundle=tiny_bundle, duration_s=0.1, whole_runs=False)
    return benchmark(spec, lambda *progress: told.append(progress)), told


@pytest.mark.slow
def test_every_variant_has_a_row(result, tiny):
    """Backend and precision in the order of the choice, the reference first and like itself."""
    measured, told = result
    ways = [(each.backend, each.precision) for each in variants(tiny)]
    assert [(row.backend, row.precision) for row in measured.rows] == ways
    first = measured.rows[0]
    assert (first.width_px, first.height_px, first.inspected) == (96, 64, "fp32")
    assert (first.agreement.mask_iou, first.agreement.max_difference) == (1.0, 0.0)
    assert first.agreement.frames > 3  # golden frames and pictures
    assert first.latency.count >= 100
    assert first.load_ms > 0
    assert first.peak_memory_bytes > 10_000_000
    assert (first.end_to_end, first.live) == (None, None)
    assert measured.model.sha256 == tiny.sha256
    assert told[-1] == ("variants measured", len(ways), len(ways))


@pytest.mark.slow
def test_whole_runs_and_live_runs_are_measured(tiny_bundle, drive):
    """Every frame of the video comes out; the camera gives what its rate and time make."""
    spec = BenchSpec(
        bundle=tiny_bundle,
        backend="onnxruntime",
        precision="fp32",
        source=str(drive.video),
        live_fps=20,
        duration_s=1.0,
    )
    (row,) = benchmark(spec).rows
    assert row.end_to_end.frames == 12
    assert row.end_to_end.fps > 0
    assert row.end_to_end.core_ms > row.end_to_end.overhead_core_ms > 0
    assert row.end_to_end.peak_memory_bytes > 10_000_000
    assert (row.live.camera_fps, row.live.frames) == (20, 30)
    assert 0 < row.live.age_p50_ms <= row.live.age_p99_ms


def test_a_clip_shows_the_frames_to_and_fro_at_its_rate(tmp_path, drive):
    """As many frames as were asked for, more than the video has."""
    frames = read_frames(str(drive.video))
    assert len(frames) == 12
    write_clip(frames, tmp_path / "clip.mp4", 30.0, 30)
    assert len(read_frames(str(tmp_path / "clip.mp4"))) == 30


def test_what_goes_wrong_in_the_process_is_told_here(tiny_bundle, tmp_path):
    """Its error, word by word; a process that just ends is told by its exit code."""
    lacking = ModelSpec(bundle=tiny_bundle, backend="onnxruntime", precision="int8")
    job = Job(lacking, 0.1, tmp_path, tmp_path / "none.npy", None, 1.0, None, 30.0)
    with pytest.raises(BundleError, match="holds fp32 96x64"):
        measure_variant(job)
    with pytest.raises(EdgecrackError, match=r"the end of it must .* ended with 7"):
        apart("the end of it", os._exit, 7)


@pytest.mark.slow
def test_a_variant_that_fails_leaves_the_others(tiny_bundle, monkeypatch):
    """It is named with its reason; only where all fail there is no result."""
    real = measure_variant

    def measured(job):
        if job.model.backend in broken:
            raise EdgecrackError("it broke")
        return real(job)

    monkeypatch.setattr(module, "measure_variant", measured)
    spec = BenchSpec(bundle=tiny_bundle, precision="fp32", duration_s=0.1, whole_runs=False)
    broken = {"openvino"}
    result = benchmark(spec)
    assert [row.backend for row in result.rows] == ["onnxruntime"]
    assert result.failed == {"openvino fp32 96x64": "it broke"}
    broken = {"openvino", "onnxruntime"}
    with pytest.raises(EdgecrackError, match="it broke"):
        benchmark(spec)


def test_a_long_video_is_left_when_the_time_is_over(tiny_bundle, tmp_path, drive):
    """The rest is not surveyed, and nothing stays behind."""
    model = ModelSpec(bundle=tiny_bundle, backend="onnxruntime", precision="fp32")
    frames = read_frames(str(drive.video))
    write_clip(frames, tmp_path / "long.mp4", 30.0, 600)
    (tmp_path / "work").mkdir()
    found = measure_run(str(tmp_path / "long.mp4"), model, tmp_path / "work", 0.0)
    assert 0 < found.frames < 600
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("source", ["v4l2:///dev/video0", "rtsp://:secret@camera/live", "test:"])
def test_a_source_without_an_end_is_refused(source):
    """In one sentence, without its password."""
    with pytest.raises(UsageError, match="record some of it first") as raised:
        BenchSpec(source=source)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"live_fps": 0.5}, "--live-fps"),
        ({"live_fps": float("nan")}, "--live-fps"),
        ({"duration_s": 0.0}, "--duration"),
        ({"duration_s": float("inf")}, "--duration"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong, word):
    """By the name of the option."""
    with pytest.raises(UsageError, match=word):
        BenchSpec(**wrong)


@pytest.mark.parametrize("wrong", [{"backend": "tpu"}, {"precision": "fp12"}])
def test_an_unknown_backend_or_precision_is_refused(tiny_bundle, wrong):
    """With those that there are."""
    with pytest.raises(UsageError, match=r"must be one of .*, or all"):
        benchmark(BenchSpec(bundle=tiny_bundle, **wrong))


def test_what_the_bundle_lacks_is_refused(tiny_bundle):
    """Before anything is measured or rendered."""
    with pytest.raises(BundleError, match="holds fp32 96x64"):
        benchmark(BenchSpec(bundle=tiny_bundle, precision="int8"))
    with pytest.raises(BundleError, match="64x64"):
        benchmark(BenchSpec(bundle=tiny_bundle, size_px=(64, 64)))


def test_memory_is_of_this_process_alone():
    """A child of a large process is not as large."""
    large = bytearray(os.urandom(1)) * 300_000_000
    program = "from edgecrack.bench.memory import peak_memory_bytes as p; print(p())"
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert int(child.stdout) < len(large) < peak_memory_bytes()


@pytest.mark.slow
def test_ctrl_c_ends_it_in_one_line(environment, tiny_bundle, until):
    """And leaves no process behind."""
    command = [sys.executable, "-m", "edgecrack", "bench", "--model", str(tiny_bundle)]
    child = subprocess.Popen(
        [*command, "--duration", "60", "--inference-only"],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    until(lambda: children(child.pid), child)
    os.killpg(child.pid, signal.SIGINT)
    _, told = child.communicate(timeout=60)
    assert child.returncode == 130
    assert "Traceback" not in told
    assert is_gone(child.pid)


def is_gone(group):
    """Return whether every process of a group has ended, which may take a moment."""
    pause = threading.Event()
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        pause.wait(0.01)
    return False


def children(pid):
    """Return the processes that a process has started, those that measure alone."""
    found = subprocess.run(
        ["pgrep", "--parent", str(pid), "--full", "edgecrack.bench.apart"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return found.stdout.split()
