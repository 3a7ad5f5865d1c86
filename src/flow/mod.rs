//! Who is asked what, in which order, side by side. Knows nothing of clap, vendors or file formats.
