package admin

import (
	"net/netip"

	"github.com/joingyd/joingyd/ban"
	"github.com/joingyd/joingyd/ident"
)

// Validate reports what is wrong with the request itself, whatever the daemon
// knows, as an *Error with CodeInvalid. A valid request can still be refused.
func (r BanRequest) Validate() error {
	switch {
	case (r.Target == "") == (r.Session == ""):
		return invalid("name either an address or prefix, or a session")
	case r.Session != "" && r.KeepAddress:
		return invalid("a ban on a session keeps no address, since nobody typed one; leave out --keep-address")
	case r.For != "" && r.Permanent:
		return invalid("a ban is either permanent or for a time; leave out one of --for and --permanent")
	}
	if r.For != "" {
		if _, err := parseFor(r.For); err != nil {
			return err
		}
	}
	if r.Session != "" {
		_, err := parseSession(r.Session)
		return err
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// Validate is as that of BanRequest.
func (r UnbanRequest) Validate() error {
	if (r.Target == "") == (r.ID == "") {
		return invalid("name either the banned address or prefix, or the id of the ban")
	}
	if r.ID != "" {
		return nil
	}
	_, err := ban.ParseTarget(r.Target)
	return fromStore(err)
}

// Validate is as that of BanRequest.
func (r CheckRequest) Validate() error {
	_, err := r.addr()
	return err
}

// Validate is as that of BanRequest.
func (r KickRequest) Validate() error {
	_, err := parseSession(r.Session)
	return err
}

func (r CheckRequest) addr() (netip.Addr, error) {
	addr, err := netip.ParseAddr(r.Address)
	if err != nil || addr.Zone() != "" {
		return addr, invalid("%s is not an address; write one like 203.0.113.7 or 2001:db8::1", quote(r.Address))
	}
	return addr, nil
}

func parseSession(text string) (ident.Session, error) {
	id, err := ident.ParseSession(text)
	if err != nil {
		return id, invalid("%s is not a session; write the 26 characters of its id", quote(text))
	}
	return id, nil
}
