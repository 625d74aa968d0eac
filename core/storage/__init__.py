"""What lies on disk: the only code that knows the format of a run's or an attack's folder."""
