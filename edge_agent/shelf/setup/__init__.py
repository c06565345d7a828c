"""Plans of bays, and how a shop makes and checks them."""
