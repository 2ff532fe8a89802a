"""Operator calls in one form for programs and files: what rules, censuses and latency tables are about.

`operation.py` is the form, `of_program.py` reads it off a captured program, `macs.py` counts multiply-accumulates.
`relative_error.py` is how far what was computed is from what should be.
"""
