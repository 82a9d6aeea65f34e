"""An address as the first part of a pipeline, and how to treat what comes from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from edgecrack.gst.chain import LIVE_STALL_NS, PipelineSpec
from edgecrack.gst.hardware_chain import SQUARE_PIXELS
from edgecrack.sources.address import Address, Kind, parse_pattern
from edgecrack.sources.camera_mode import parse_camera_mode

if TYPE_CHECKING:
    from collections.abc import Callable

    _Source = tuple[str, tuple[tuple[str, str | int], ...]]

_DECODE = "uridecodebin name=source expose-all-streams=false caps=video/x-raw(ANY)"
_CAMERA = "v4l2src name=source do-timestamp=true"
_CSI = "nvarguscamerasrc name=source"
_PATTERN_FRAMES = 250  # a test picture that is not live must end by itself


def pipeline_spec(address: Address, *, live: bool | None) -> PipelineSpec:
    """Describe how to read an address; ``live`` None leaves that to its kind.

    Raises:
        InputError: A file that is missing or empty.
        UsageError: A test picture or a camera with parameters it does not have.
    """
    if address.kind is Kind.FILE:
        return _file(address, is_live=bool(live))
    if address.kind is Kind.PATTERN:
        return _pattern(address, is_live=bool(live))
    if address.kind is Kind.SERVER:
        return _server(address, is_live=bool(live))
    description, settings = _LIVE[address.kind](address)
    return PipelineSpec(
        address.name,
        description,
        settings=settings,
        is_live=live is not False,
        is_endless=True,
        may_return=True,
        stall_ns=LIVE_STALL_NS,
    )


def in_hardware(spec: PipelineSpec, address: Address, *, is_hardware: bool) -> PipelineSpec:
    """Return how to read an address by a board's own units, or by the processor.

    A CSI camera's pictures lie in the memory of those units: for the processor they are fetched.
    """
    if address.kind is Kind.CSI and not is_hardware:
        fetched = f"{spec.description} ! nvvidconv ! video/x-raw,format=NV12,{SQUARE_PIXELS}"
        return replace(spec, description=fetched)
    return replace(spec, is_hardware=is_hardware)


def _stream(address: Address) -> _Source:
    return _DECODE, (("uri", address.target),)


def _camera(address: Address) -> _Source:
    caps = parse_camera_mode(address.query, "v4l2:").caps
    held = f' ! capsfilter caps="{caps}"' if caps else ""
    return f"{_CAMERA}{held} ! decodebin", (("device", address.target),)


def _csi(address: Address) -> _Source:
    mode = parse_camera_mode(address.query, "csi:")
    caps = f"video/x-raw(memory:NVMM),format=NV12{mode.size_and_rate},{SQUARE_PIXELS}"
    return f"{_CSI} ! {caps}", (("sensor-id", int(address.target)),)


_LIVE: dict[Kind, Callable[[Address], _Source]] = {
    Kind.STREAM: _stream,
    Kind.CAMERA: _camera,
    Kind.CSI: _csi,
}


def _file(address: Address, *, is_live: bool) -> PipelineSpec:
    path = Path(address.target)
    problem = _file_problem(path)
    if problem is not None:
        raise InputError(f"{address.name} cannot be read as video: {problem}")
    settings = (("uri", path.resolve().as_uri()),)
    return PipelineSpec(address.name, _DECODE, settings, is_live=is_live, is_paced=is_live)


def _file_problem(path: Path) -> str | None:
    try:
        if not path.exists():
            return "there is no such file"
        if not path.is_file():
            return "it is not a file"
        with path.open("rb") as file:
            return None if file.read(1) else "it is empty"
    except ValueError as error:  # no system has a file of such a name
        return str(error)
    except OSError as error:
        return error.strerror or str(error)


def _server(address: Address, *, is_live: bool) -> PipelineSpec:
    # Read as it arrives, an MP4 file whose sound lies far from its pictures loses its end without
    # a word; read from a temporary file it does not. A live stream would fill the disk.
    download = not is_live
    return PipelineSpec(
        address.name,
        _DECODE,
        settings=(("uri", address.target), ("download", download)),
        is_live=is_live,
        is_paced=is_live,
        is_endless=is_live,
        may_return=True,
        stall_ns=LIVE_STALL_NS,
    )


def _pattern(address: Address, *, is_live: bool) -> PipelineSpec:
    pattern = parse_pattern(address.target)
    frames = pattern.frames or (-1 if is_live else _PATTERN_FRAMES)
    size = f"width={pattern.width_px},height={pattern.height_px},framerate={pattern.fps}/1"
    description = (
        f"videotestsrc name=source pattern=ball animation-mode=frames num-buffers={frames} "
        f"is-live={str(is_live).lower()} ! video/x-raw,format=I420,{size}"
    )
    return PipelineSpec(address.name, description, is_live=is_live)
