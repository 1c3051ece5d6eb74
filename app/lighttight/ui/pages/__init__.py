"""Pages: they emit signals and are given plain data; none knows the engine."""
