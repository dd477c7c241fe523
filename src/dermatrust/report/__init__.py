"""Tables to one static HTML file with inline SVG."""
