package match

// Live are those of the Options that may change while the hub runs, and mean the same.
// Change copies them.
type Live struct {
	Policy  string
	Origins []string
	Absent  bool

	Sessions, SessionsPerAddress, SessionsPerAddressMax int

	Filter Filter
}

func (o Options) live() Live {
	l := Live{o.Policy, o.Origins, o.Absent, o.Sessions, o.SessionsPerAddress, o.SessionsPerAddressMax, o.Filter}
	return l.withDefaults()
}

func (l Live) withDefaults() Live {
	if l.Sessions == 0 {
		l.Sessions = defaultSessions
	}
	l.SessionsPerAddressMax = max(l.SessionsPerAddressMax, l.SessionsPerAddress)
	return l
}

// Live are those that hold.
func (h *Hub) Live() Live { return *h.live.Load() }

// Change has other options hold from now on. Sessions go on, those past a new limit
// too, and so does what they have consented to. How many addresses are remembered
// stays as New made it.
func (h *Hub) Change(l Live) {
	l = l.withDefaults()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live.Store(&l)
	h.filter.Store(h.filter.Load().With(h.filterOptions(l.Filter)))
	h.addresses.paces = pacesFor(l.SessionsPerAddress)
}
