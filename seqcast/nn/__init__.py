"""Parts of networks. Layers take parts; only the outermost model sees a config."""
