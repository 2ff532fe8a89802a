"""Scripts that made the shipped tables from public files. Nothing at run time imports them."""
