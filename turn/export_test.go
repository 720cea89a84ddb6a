package turn

// Ungated returns options that let everything through to pion, to show what the
// gate is for.
func Ungated(opts Options) Options {
	opts.ungated = true
	return opts
}
