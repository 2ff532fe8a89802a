"""One answer for every question: what a workload takes on a device, by the best method that knows anything about it."""
