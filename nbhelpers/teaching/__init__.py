"""What a notebook asks of its reader, checks and answers; and the programs in it."""
