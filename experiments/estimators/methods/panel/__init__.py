"""Two things measured session after session: which goes before which, within a client."""
