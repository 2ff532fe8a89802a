"""report.html: a bundle explained to people, in one file."""
