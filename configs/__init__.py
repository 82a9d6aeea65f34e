"""The configuration files; in an installation, the resources of ``edgecrack.configs``."""
