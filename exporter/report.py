def write_report(folder, manifest, device):
    (folder / "report.html").write_text("x")
