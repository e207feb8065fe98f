"""WeCom: tokens, contacts, contact ways, welcome, mass tasks, tags, app messages, OAuth."""
