"""Projects under review: cases, their predictions, and what readers decided; on the disk, never overwritten."""
