"""Numbers and names of the configuration, each with both bounds."""

from typing import Annotated

import msgspec

from edge_agent.domain.hours import PATTERN

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$(?!\n)")]


# Every number has both bounds: the upper one also keeps infinity and NaN out, which no comparison with a clock survives.
Days = Annotated[float, msgspec.Meta(ge=0, le=36_500)]


Hours = Annotated[float, msgspec.Meta(ge=0, le=8_760)]


Size = Annotated[int, msgspec.Meta(ge=1, le=2**50)]


Floor = Annotated[int, msgspec.Meta(ge=0, le=2**50)]


Portion = Annotated[float, msgspec.Meta(ge=0, le=1)]


OpenHours = Annotated[str, msgspec.Meta(pattern=PATTERN)]


Few = Annotated[int, msgspec.Meta(ge=1, le=256)]
