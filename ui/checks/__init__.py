"""What `omnilive doctor` checks on a machine, with advice for each finding."""
