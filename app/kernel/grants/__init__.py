"""The permission chain of posts: apply, review, approve, assign."""
