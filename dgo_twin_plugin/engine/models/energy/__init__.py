"""Sun on roofs: irradiation, roof planes, shade, yield."""
