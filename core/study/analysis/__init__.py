"""What participants answered: statistics, tables, exports, simulated studies."""
