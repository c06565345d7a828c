"""Rules in business language: a sentence such as 当客户连续3次回避演示，则提醒主管 becomes a tree, is said back, and runs.

Read in this order: `tree` (what a rule is), `reading` (from a sentence: `keywords`, `measures`, `names` and `words` cut it, the
grammar and `building` parse it), `saying` (back into clear Chinese), `questions` (why not, and what to write instead), `events`
(into event models that the tagger runs).
"""
