"""An address as the first part of a pipeline, and how to treat what comes from it."""

from __future__ import annotations

from pathlib import Path

from edgecrack.errors import InputError
from edgecrack.gst.chain import LIVE_STALL_NS, PipelineSpec
from edgecrack.sources.address import Address, Kind, parse_pattern

_DECODE = "uridecodebin name=source expose-all-streams=false caps=video/x-raw(ANY)"
_CAMERA = "v4l2src name=source do-timestamp=true ! decodebin"
_PATTERN_FRAMES = 250  # a test picture that is not live must end by itself


def pipeline_spec(address: Address, *, live: bool | None) -> PipelineSpec:
    """Describe how to read an address; ``live`` None leaves that to its kind.

    Raises:
        InputError: A file that is missing or empty.
        UsageError: A test picture with parameters it does not have.
    """
    if address.kind is Kind.FILE:
        return _file(address, is_live=bool(live))
    if address.kind is Kind.PATTERN:
        return _pattern(address, is_live=bool(live))
    if address.kind is Kind.SERVER:
        return _server(address, is_live=bool(live))
    is_camera = address.kind is Kind.CAMERA
    return PipelineSpec(
        address.name,
        _CAMERA if is_camera else _DECODE,
        settings=(("device" if is_camera else "uri", address.target),),
        is_live=live is not False,
        is_endless=True,
        may_return=True,
        stall_ns=LIVE_STALL_NS,
    )


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
