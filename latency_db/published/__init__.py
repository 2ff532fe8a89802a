"""What others published of whole models, row by row, and estimates from it of models that nobody timed."""
