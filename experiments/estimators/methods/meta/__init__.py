"""Many clinics or trials in one number, and how far they differ."""
