package request

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// routes are the kinds of path, by how a path begins; the first that fits.
var routes = []struct{ name, prefix string }{
	{"socket", "/ws"}, {"static", "/static/"}, {"api", "/api/"}, {"health", "/healthz"}, {"health", "/readyz"}, {"page", "/"},
}

// Routes lists the kinds of path.
func Routes() []string { return []string{"socket", "static", "api", "health", "page"} }

// classes are those of an answer's status.
var classes = [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}

// Counts counts answers. The zero value is ready. It is safe for concurrent use.
type Counts struct {
	mu      sync.Mutex // guards what follows
	answers map[string]*[len(classes)]uint64
	took    map[string]time.Duration
}

// add counts an answer. One without a status took the connection over.
func (c *Counts) add(path string, status int, took time.Duration) {
	route := routeOf(path)
	if status == 0 && route == "socket" {
		status = http.StatusSwitchingProtocols
	} else if status == 0 {
		status = http.StatusOK // net/http answers so
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answers == nil {
		c.answers, c.took = make(map[string]*[len(classes)]uint64), make(map[string]time.Duration)
	}
	of := c.answers[route]
	if of == nil {
		of = new([len(classes)]uint64)
		c.answers[route] = of
	}
	of[min(max(status/100, 1), len(classes))-1]++
	c.took[route] += took
}

func routeOf(path string) string {
	for _, r := range routes {
		if strings.HasPrefix(path, r.prefix) {
			return r.name
		}
	}
	return "page"
}

// Answered returns how many answers there were by route and class of status, and how many
// seconds they took by route, since the start.
func (c *Counts) Answered() (answers map[string]map[string]uint64, seconds map[string]float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	answers, seconds = make(map[string]map[string]uint64), make(map[string]float64)
	for route, of := range c.answers {
		answers[route] = make(map[string]uint64)
		for i, class := range classes {
			answers[route][class] = of[i]
		}
		seconds[route] = c.took[route].Seconds()
	}
	return answers, seconds
}
