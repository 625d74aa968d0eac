"""Studies: the officer's form and list, the participant's page, the results."""
