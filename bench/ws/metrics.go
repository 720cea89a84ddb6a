package main

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const maxMetrics = 4 << 20 // bytes

// readMetrics fills in what a Go program's Prometheus metrics tell.
func (m *memory) readMetrics(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxMetrics))
	if err != nil {
		return err
	}
	for name, into := range map[string]*int{
		"go_memstats_heap_inuse_bytes": &m.Heap, "go_memstats_heap_alloc_bytes": &m.Live,
		"go_memstats_stack_inuse_bytes": &m.Stacks, "go_goroutines": &m.Goroutines,
		"process_open_fds": &m.Descriptors,
	} {
		if *into, err = metric(string(text), name); err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
	}
	return nil
}

// metric returns the value of a metric without labels.
func metric(text, name string) (int, error) {
	for line := range strings.Lines(text) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return int(number), err
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}
