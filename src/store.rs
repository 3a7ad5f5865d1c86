//! SQLite under `run_logs/insights.db`: runs, requests, responses, cached replies by key. Does not know what a completion means.
