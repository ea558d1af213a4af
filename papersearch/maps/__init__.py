"""Maps of papers by meaning: points on a plane, groups of them with names, a page and a picture."""
