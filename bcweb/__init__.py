"""See what a segmentation network drew on breast ultrasounds and mammograms, beside the truth."""
