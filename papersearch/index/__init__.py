"""The index on disk: its format (docs/format.md), its manifest, and how a build is published,
locked, verified and taken up again."""
