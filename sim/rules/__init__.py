"""The rule book: one file a theme, each a few short functions of plain numbers.

A rule has no side effect and draws nothing: `next_…` returns a new value, `…_probability` a probability, `…_hazard`
a hazard. Only `session.py` (for a session) and `sim/week.py` (for a week) know the order in which they speak, and turn
luck into events.
`p` is the record of all parameters (`sim/parameters.py`); `p.trust_pace` is the parameter `trust.pace`.
"""
