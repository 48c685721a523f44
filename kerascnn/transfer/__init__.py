"""What a model brings along from elsewhere: pretrained vectors, frozen layers, teachers."""
