"""Pixels to Prompts: what the notebooks of the course import.

``data``       real pictures that work offline
``reference``  reference implementations, one module a topic
``checks``     the visible checks of the exercises, one module a chapter
``widgets``    explorers that compute in the page and in JupyterLab
``figures``    plots with alt text
"""

__version__ = "0.1.0"
