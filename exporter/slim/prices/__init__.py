"""What architectures take on a device: by what each of their pieces does."""
