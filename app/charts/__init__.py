"""What figures share: palette, layout, places of labels."""
