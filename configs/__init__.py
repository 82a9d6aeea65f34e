"""Every configuration that ships; in an installation, the resources of ``edgecrack.configs``."""
