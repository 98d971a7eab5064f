"""One offline page: facts first, then pictures of them."""
