"""What every method has to be compared with: no protection, the answer alone, filters of the picture."""
