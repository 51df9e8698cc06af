"""A training step of ours and of the peers, side by side in one run: `python -m benchmarks --help`.

From what is measured to what is shown: `workloads` and `scaling` say what to train, `contestants` train it, each in the
way of its own users, `process` measures one of them, `rounds` runs them in alternation, `agreement` checks that they
train alike, `results` keeps the figures, `table`, `picture` and `report` show them.
"""
