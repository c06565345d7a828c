"""The temporal kinds of the catalogue, one small state machine each, fed with hits in order.

`base` says what a rule is; `counting` holds first and repeat, `following` the sequences, `waiting` unresolved and absence,
`measuring` what is judged from facts. A rule only ever sees what has happened: later speech can withdraw, never rewrite.
"""
