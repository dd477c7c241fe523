"""DermEval: an evaluator that looks at the images and scores a narrative without a reference."""
