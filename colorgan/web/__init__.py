"""What a person does with a trained model: colour files and folders, and work in the browser. It needs no torch."""
