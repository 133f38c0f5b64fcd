// Nothing here: this file exists to compile the precompiled LibTorch header once for every room.
