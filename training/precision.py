"""The number type in which a network is trained on this processor or GPU."""

from __future__ import annotations

import torch


def autocast_dtype(precision: str, device: torch.device) -> torch.dtype | None:
    """Return the type for autocast; None is FP32.

    ``auto`` uses bf16 on a processor only if that has bf16 instructions: emulated bf16 is slower
    than FP32.
    """
    if precision == "auto" and device.type == "cpu":
        native = torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001  the only way to ask
        return torch.bfloat16 if native and "avx512_bf16" in _cpu_flags() else None
    if precision == "auto":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]


def _cpu_flags() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:  # noqa: PTH123
            return next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return ""
