"""A participant's way through a study: being let in, being asked, answering."""
