"""Where photographs and labels come from: one source per file."""
