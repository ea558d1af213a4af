"""The application of `papersearch browse`: search as you type, in the whole terminal."""
