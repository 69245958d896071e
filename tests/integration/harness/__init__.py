"""What the scenarios are made of: containers, orchestrators, clients, waiting."""
