"""From a table to a judged forecast in one call, in a folder that can be repeated and gone on with."""
