"""What a reader keeps about papers: tags, notes, and which are read, in a file that belongs to the reader."""
