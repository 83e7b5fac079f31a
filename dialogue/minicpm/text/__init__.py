"""MiniCPM3, the text model: latent attention, function calls, the spoken part of a reply."""
