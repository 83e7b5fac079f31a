"""Pages drawn for benchmarks/reading.py: signs, receipts, menus, tables and paragraphs, with what stands on them."""
