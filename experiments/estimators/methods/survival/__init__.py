"""Who has left by when: hazards, Kaplan-Meier, competing endings, and tests between groups."""
