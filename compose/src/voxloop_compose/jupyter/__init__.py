"""voxloop in JupyterHub and JupyterLab: an icon in the launcher, and the page behind Jupyter's own login."""
