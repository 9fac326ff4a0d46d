"""What a person does with a trained model: color files and folders, and work in the browser. It needs no torch."""
