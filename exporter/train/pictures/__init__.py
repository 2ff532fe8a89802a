"""Labelled pictures to train and judge classifiers with: from folders, and such as need no download."""
