"""Live mode: a model that follows the newest strokes, for as long as somebody looks at it."""
