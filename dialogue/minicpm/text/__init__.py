"""MiniCPM3: latent attention, function calls, the spoken part of a reply."""
