"""What a network would cost on neuromorphic hardware."""
