"""What is exact in languages other than English, as data: tables/CODE.toml, and the code that all of them share."""
