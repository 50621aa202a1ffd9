"""What is made of the notebooks: stored outputs, links, slides, handouts, student copies."""
