# Generated from _async/ by `npm run generate`.
"""The client that blocks."""
