"""The methods of the five papers that Penumbra was built to examine, and their hardened variants."""
