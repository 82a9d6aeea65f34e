"""The best validation of a run so far, and how many have followed it without being better."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BestSoFar:
    """The highest quality of a run up to now.

    Attributes:
        quality: The quality; minus infinity before the first validation.
        validations_since: Validations after it, none of which was better.
    """

    quality: float = -math.inf
    validations_since: int = 0

    def after(self, quality: float) -> BestSoFar:
        """Return what is the best after one more validation.

        Example:
            >>> BestSoFar(0.5).after(0.5)
            BestSoFar(quality=0.5, validations_since=1)
            >>> BestSoFar(0.5, 3).after(0.6)
            BestSoFar(quality=0.6, validations_since=0)
        """
        if quality > self.quality:
            return BestSoFar(quality)
        return BestSoFar(self.quality, self.validations_since + 1)
