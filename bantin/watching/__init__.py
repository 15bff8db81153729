"""Monitoring with judgement: what is unusual about a source, or the archive, against its own past.

    checks   what is looked for, a function each: counts.py, shares.py, states.py
    judge    all checks of all sources; what many sources have at once is one problem
    standing what a watch found and what stood before, merged
    watch    the verb: reads the catalog, judges, stores what stands
    tell     the verb: messages about what is due, to each target

docs/monitoring.md has the rules with their reasons, and bench/quarter.py measures them.
"""
