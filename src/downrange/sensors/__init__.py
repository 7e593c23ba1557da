"""What a vehicle and its safety system can know: truth in, measurements out."""
