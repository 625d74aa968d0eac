"""Measurements of decoding, face placement and face networks."""
