"""Cutting a model into graphs: named programs of fixed shape, each one `torch.export.ExportedProgram`."""
