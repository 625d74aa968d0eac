"""What a synthetic head wears on its surface: skin, hair, beard, glasses."""
