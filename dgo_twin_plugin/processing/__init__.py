"""The provider ``dgo`` and its algorithms: thin, one file each."""
