"""How the tables came to be, a step a version. A step is never changed once it was released: the next one is added,
with `VERSION` in `latency_db/store/schema.py` one higher."""
