package metrics

import "github.com/prometheus/client_golang/prometheus"

// Ports is what comes in: at the TLS ports, at the site and at the control API. Pending,
// Listening and CertificateExpiry are of now, the rest counts since the start.
type Ports struct {
	Listening         int               // TLS ports
	CertificateExpiry float64           // Unix time in seconds; 0: there is none, or none of the authority yet
	Pending           int               // connections that have not shown yet what they speak
	Connections       map[string]uint64 // handed over, by service
	Closed            map[string]uint64 // not handed over, by reason
	AcceptFailures    uint64

	Requests    map[string]map[string]uint64 // of the site, by route and class of status
	HTTPSeconds map[string]float64           // that they took, by route
	Admin       map[string]uint64            // of the control API, by outcome
}

// statusClasses are those of answers.
var statusClasses = []string{"1xx", "2xx", "3xx", "4xx", "5xx"}

func portsPart(sources Sources) part {
	listening := gauge("tls_listeners", "Ports with TLS, of https and of the relay.")
	expiry := gauge("tls_certificate_expiry_timestamp_seconds", "When the certificate that is shown ends, in Unix time; 0: there is none, or the authority has not given one yet.")
	pending := gauge("tls_pending", "Connections that have not shown yet what they speak.")
	connections := counter("tls_connections_total", "Connections to TLS ports that were handed over, by service.", "service")
	closed := counter("tls_closed_total", "Connections to TLS ports that were not handed over, by reason.", "reason")
	failures := counter("tls_accept_failures_total", "Times that a TLS port could not accept a connection, such as for want of descriptors.")
	requests := counter("http_requests_total", "Requests to the site, by kind of path and class of status; a WebSocket is 1xx.", "route", "code")
	seconds := counter("http_request_seconds_total", "Seconds that the answers took, by kind of path.", "route")
	control := counter("admin_requests_total", "Requests to the control API, by outcome.", "outcome")
	ports := orZero(sources.Ports)
	return part{[]family{listening, expiry, pending, connections, closed, failures, requests, seconds, control}, func(to chan<- prometheus.Metric) {
		p := ports()
		listening.send(to, float64(p.Listening))
		expiry.send(to, p.CertificateExpiry)
		pending.send(to, float64(p.Pending))
		sendAll(to, connections, p.Connections, sources.TLSServices)
		sendAll(to, closed, p.Closed, sources.TLSReasons)
		failures.send(to, float64(p.AcceptFailures))
		for _, route := range sources.Routes { // the site has no others
			for _, class := range statusClasses {
				requests.send(to, float64(p.Requests[route][class]), route, class)
			}
			seconds.send(to, p.HTTPSeconds[route], route)
		}
		sendAll(to, control, p.Admin, sources.AdminOutcomes)
	}}
}
