"""Certificates: what no attacker can do, from counts. The proofs are in docs/certificates.md."""
