"""What is done with the model: configs, runs on all cores, results on disk, estimates, figures, reports."""
