//! Raw model text to JSON, JSON to checked findings. Does not know where the text came from and never asks again.
