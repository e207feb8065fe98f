"""Official Account: tokens, followers, messages, templates, codes, OAuth."""
