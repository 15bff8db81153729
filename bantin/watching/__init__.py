"""Monitoring with judgement: what is unusual about a source, or the archive, against its own past.

    watched  what a check knows of a source, and what it says
    checks   what is looked for, a function each: counts.py, rates.py (by shares.py), states.py; what each problem is
             likely to mean: model/causes.py
    judge    all checks of all sources; what many sources have at once is one problem
    standing what a watch found and what stood before, merged
    watch    the verb: reads the catalog, judges, stores what stands

Messages about it are another verb's (bantin/notifying/tell.py). docs/monitoring.md has the rules with their reasons;
bench/quarter.py measures them.
"""
