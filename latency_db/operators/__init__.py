"""What kernels take on phones' GPUs: tables that were measured, and estimates of what no table has."""
