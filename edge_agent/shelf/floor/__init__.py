"""Floor cameras: from low-rate frames to how many people were where and for how long; nobody is recognised or followed.

`engine` is the way through. `plan` reads a floor's plan, `watch` says which frames can be assessed and which show a change,
`people` finds who is there, `grid` turns feet into cells and zones at once, `tally` adds up, `suppress` leaves out what is about
too few, `states` says what the event models read, `heat` and `cover` draw. What a frame showed is gone when the next one comes:
from there on there are only counts.
"""
