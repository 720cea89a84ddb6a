package metrics

import "github.com/prometheus/client_golang/prometheus"

// Host is what the daemon needs of the machine, and what its log counted.
type Host struct {
	DiskFree, DiskSize uint64 // bytes, of the file system with the data directory
	ClockSynchronized  bool   // as the kernel says; true where it says nothing
	ClockSteps         uint64 // since the start, by a second or more
	Logged             map[string]uint64
}

func hostPart(sources Sources) part {
	free := gauge("data_dir_free_bytes", "Free room on the file system with the data directory, for the daemon's user.")
	size := gauge("data_dir_size_bytes", "Size of that file system.")
	synchronized := gauge("clock_synchronized", "1 while the kernel says that the clock is synchronized, or says nothing.")
	steps := counter("clock_steps_total", "Times that the clock was set by a second or more.")
	logged := counter("log_records_total", "Lines of the log, by level: info and above always, debug where log.level is debug.", "level")
	host := orZero(sources.Host)
	return part{[]family{free, size, synchronized, steps, logged}, func(to chan<- prometheus.Metric) {
		h := host()
		free.send(to, float64(h.DiskFree))
		size.send(to, float64(h.DiskSize))
		synchronized.send(to, flag(h.ClockSynchronized))
		steps.send(to, float64(h.ClockSteps))
		sendAll(to, logged, h.Logged, sources.LogLevels)
	}}
}
