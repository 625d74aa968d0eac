"""Planning trainings and following them."""
