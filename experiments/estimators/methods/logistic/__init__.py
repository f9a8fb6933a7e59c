"""Models of yes or no, with therapists who differ."""
