"""Scores of attacks and of utility: pure functions of arrays, each with its formula and source.

`attributes` scores yes/no decisions, `images` compares pictures, `identity` re-identifies people,
`intervals` turns any of them into a 95 % interval by resampling identities.
"""
