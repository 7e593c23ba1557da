"""State, equations of motion, integration, events located in time, contact with pad and ground."""
