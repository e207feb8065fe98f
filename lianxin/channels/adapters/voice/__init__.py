"""Telephone calls by Tencent Cloud VMS: an approved text is read aloud, a key may be pressed."""
