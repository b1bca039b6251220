toplevel = "names"
