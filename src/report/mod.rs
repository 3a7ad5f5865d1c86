//! A finished council as JSON and Markdown. Knows no network, no database, no terminal.
