"""The frame of the REST API: its document, its errors, and the hospital an operation runs in."""
