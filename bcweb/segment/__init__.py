"""`python -m bcweb.segment`: scans on the disk to masks beside a table of results."""
