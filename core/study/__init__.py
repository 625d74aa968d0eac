"""The human re-identification study: can people tell who a reconstruction shows?

`design` says what a study asks, `stimuli` makes its pictures, `studies` keeps it, `assignment` and
`taking` lead participants through it, `statistics`, `results` and `export` say what came out.
Source of the task: Li et al. (DeepObfuscator, 2019), section 4.4, "Human Perceptual Study".
"""
