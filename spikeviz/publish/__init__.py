"""The course without JupyterLab: a static site, and slides. Both work offline, widgets and all.

running.py runs a notebook, once for each text of it; markdown.py and cells.py turn it into HTML;
site.py and slides.py lay it out. `python -m spikeviz.publish --help` is the command line.
"""
