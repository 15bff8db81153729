"""What an article was, and when: times and citations, its versions, and what differs between two of them."""
