"""Images and masks in, a checkpoint out: the workstation side of edgecrack."""
