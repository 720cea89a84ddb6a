package check

// Status is how a step went.
type Status string

// A warning is what some visitors will notice; a failure, most of them.
const (
	OK      Status = "ok"
	Warning Status = "warning"
	Failed  Status = "failed"
	Skipped Status = "skipped" // it needs what failed, or there is nothing to try
)

// Step is one thing that was tried.
type Step struct {
	Name   string `json:"name"`   // what, such as "tls" or "stun udp chat.example.org:3478"
	Status Status `json:"status"` //
	Detail string `json:"detail"` // what was seen
	Remedy string `json:"remedy"` // what to do; empty if nothing
}

// Names of steps; those of an ICE URL or a pair of transports add which.
const (
	stepDNS       = "dns"
	stepHTTP      = "http"
	stepReady     = "ready"
	stepTLS       = "tls"
	stepWebSocket = "websocket"
	stepICE       = "ice"
	stepSTUN      = "stun"
	stepAllocate  = "allocate"
	stepRelay     = "relay"
)

func ok(name, detail string) Step { return Step{Name: name, Status: OK, Detail: detail} }

func warning(name, detail, remedy string) Step { return Step{name, Warning, detail, remedy} }

func failed(name, detail, remedy string) Step { return Step{name, Failed, detail, remedy} }

func skipped(name, detail string) Step { return Step{Name: name, Status: Skipped, Detail: detail} }
