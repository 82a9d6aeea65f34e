"""Every variant of one size on its golden frames: precision as inspected, parity, latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.bench.apart import apart
from edgecrack.doctor.line import fail, ok
from edgecrack.first_hour.step import Outcome
from edgecrack.models import open_bundle
from edgecrack.models.selftest import selftest

if TYPE_CHECKING:
    from edgecrack.first_hour.plan import Plan
    from edgecrack.models.selftest import SelfTest
    from edgecrack.segmenters import ModelSpec


def prove_golden_frames(plan: Plan) -> Outcome:
    """Run the self-test of the bundle at one size in a new process.

    Raises:
        EdgecrackError: A network cannot be loaded or takes too long, or the process died.
    """
    result: SelfTest = apart("the self-test", _selftest, plan.model(), plan.deadline_s)
    failed = [f"{net.name} {net.reason}" for net in result.networks if net.reason]
    if failed:
        finding = fail("; ".join(failed), "use another precision or backend, and send the file")
    else:
        ways = dict.fromkeys(f"{net.backend} {net.precision}" for net in result.networks)
        count = len(result.networks)
        finding = ok(
            f"{count} of {count} networks answer as promised, precision as inspected: "
            f"{', '.join(ways)}"
        )
    return Outcome(finding, result.as_json())


def _selftest(model: ModelSpec, deadline_s: float) -> SelfTest:
    return selftest(open_bundle(model), model, deadline_s=deadline_s)
