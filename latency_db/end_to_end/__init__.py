"""What whole graphs take on phones: published measurements, a roofline for each cell, and cells of new phones."""
