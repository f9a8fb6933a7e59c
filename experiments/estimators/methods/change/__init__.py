"""What a pair or a series of scores says about one client: reliable change, sudden gains, early response."""
