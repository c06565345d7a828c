"""The second stage: what follows over days and recordings of one person, judged from tags after each analysis and by time.

`base` says what a rule over days is; `counting` counts, `waiting` waits for what was promised (`deadlines`: until when),
`following` sees what follows in time or was no longer allowed, `together` joins such conditions with those of one talk. `build`
chooses the machine for an event, `historian` drives them all over a person's history, `live` lets them listen to a talk.
"""
