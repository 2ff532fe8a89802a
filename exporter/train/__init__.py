"""Training, plain and short: a loop, objectives, endless scenes, and the tracker that is shipped with the project."""
