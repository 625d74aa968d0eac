"""The page Proof."""
