"""What stands in a slot: looks of products, bare shelf, the verdict on one slot."""
