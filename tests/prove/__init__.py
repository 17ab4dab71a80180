"""What proves the vault, beyond its tests: `make prove`.

section.py    what a part of the proof hands in
workshop.py   scratch copies of the tree, in which forge builds and tests; `Filter`, `Test`, `Ran`
ledger.py     what was found once is not run again while what it stands on is unchanged
twins.py      broken copies of a contract, each of which a named test must find red
mutants.py    those that a seeded generator makes; the others are written by hand, in the lists beside this file
__main__.py   the order of the sections, build/proof.json and build/proof.md
"""
