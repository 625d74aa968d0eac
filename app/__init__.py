"""What the pages share. `points`, `charts`, `verdict`, `wording` and `pictures` know no Streamlit."""
