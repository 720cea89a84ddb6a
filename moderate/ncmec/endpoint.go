package ncmec

// Endpoint is the server that the commands of an export name. The zero value is
// the one for trying: nothing that is sent there reports anybody.
type Endpoint int

// The endpoints.
const (
	Test Endpoint = iota
	Production
)

// URL returns the base address, without a slash at its end.
func (e Endpoint) URL() string {
	if e == Production {
		return "https://report.cybertip.org/ispws"
	}
	return "https://exttest.cybertip.org/ispws"
}
