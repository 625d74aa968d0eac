"""What is being looked at: the sidebar, the address, the settings that they pick."""
