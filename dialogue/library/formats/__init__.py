"""Reads the files of a library as sections of text: plain text, Markdown, HTML, PDF, Word, EPUB, subtitles, tables."""
