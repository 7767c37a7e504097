"""What must survive power cuts, full disks and flipped bits: files, revisions, records, histories."""
