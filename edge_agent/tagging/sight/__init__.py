"""What follows from the scans of one place: visual events with their temporal operators, judged from observations alone.

`names` says what is measured and derived, `model` reads an event, `run` is one event at one subject from its first sight to its
end, `memory` computes what follows from earlier scans, `watch` drives all of it and compares with the record, `telling` makes
tags and answers why not.
"""
