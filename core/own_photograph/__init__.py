"""A photograph that somebody brings along: read safely, placed as in training, attacked.

Nothing in here writes anything, anywhere. `upload.read` turns bytes into pixels, `face_place` finds
the face and cuts it out as the data set has it, `redraw` shows what a stored attacker recovers.
"""
