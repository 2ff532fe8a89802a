"""What is asked under each path, and the answer; one file for each subject."""
