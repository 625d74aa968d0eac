"""What a study shows: whom it asks about, the pictures, and what machines answer."""
