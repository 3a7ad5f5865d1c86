//! Where the files of a run live. Knows nothing of what is in them.
