"""Linear models of sessions in clients in therapists, by REML."""
