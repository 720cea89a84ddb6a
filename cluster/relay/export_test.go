package relay

import "time"

// LeaseFor makes the Host's leases shorter.
func (h *Host) LeaseFor(lasts time.Duration) { h.lease = lasts }
