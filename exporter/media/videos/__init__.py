"""Moving pictures in and out, a frame at a time: upright, with their times and the aspect of their pixels."""
