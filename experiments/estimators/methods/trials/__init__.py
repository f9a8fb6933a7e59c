"""What a trial with therapists can find, worked out before it is run."""
