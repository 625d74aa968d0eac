"""The methods of the papers that Penumbra was built to examine, and their hardened variants."""
