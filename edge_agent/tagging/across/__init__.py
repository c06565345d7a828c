"""The second stage: what follows over days and recordings of one person, judged from tags after each analysis and by time.

`base` says what a rule over days is; `counting` counts, `waiting` waits for what was promised, `deadlines` knows until when;
`build` chooses the machine for an event, `historian` drives them all over a person's history.
"""
