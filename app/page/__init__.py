"""Parts of a page: verdict, charts and tables with downloads, empty states, plain words."""
