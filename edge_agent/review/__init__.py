"""What follows from a finished talk and its tags: the customer's mood, the rep's claims, scorecards, the opportunity card.

Read `reviewer` first (the port); `mood`, `claims`, `scorecards` and `card` each know nothing of the others. Codes, numbers and
offsets come out, never a quote. Of a claim: `claim_finding` finds it (`claim_subjects` says of what, `claim_doubts` what speaks
against holding it), `fact_files` reads the tables into `fact_rows`, `verdicts` decides; `fact_checks`
looks at a table as a whole.
"""
