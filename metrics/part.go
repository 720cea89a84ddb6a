package metrics

import "github.com/prometheus/client_golang/prometheus"

// part is the metrics of one part of the daemon, which are read at once.
type part struct {
	families []family
	read     func(to chan<- prometheus.Metric)
}

// Describe implements prometheus.Collector.
func (p part) Describe(to chan<- *prometheus.Desc) {
	for _, f := range p.families {
		to <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (p part) Collect(to chan<- prometheus.Metric) { p.read(to) }

// orZero stands in for a source that is not there.
func orZero[T any](source func() T) func() T {
	if source != nil {
		return source
	}
	return func() (zero T) { return zero }
}
