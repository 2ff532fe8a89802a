"""Single kernels as artefacts: what is timed and packed in place of a model."""
