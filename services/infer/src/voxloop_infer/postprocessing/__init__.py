"""Post-processing of predictions: chains of steps on the masks of classes, in bounded memory."""
