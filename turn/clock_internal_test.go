package turn

import (
	"bytes"
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v2"

	"github.com/joingyd/joingyd/ident"
	"github.com/joingyd/joingyd/internal/clocktest"
)

// clockSteps is what a clock may be set by.
var clockSteps = []time.Duration{time.Hour, -time.Hour, 10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour}

// decisions counts what was decided while the clock was set.
type decisions struct {
	t           *testing.T
	step        time.Duration
	made, wrong int
}

func (d *decisions) check(what string, got, want any) {
	d.t.Helper()
	d.made++
	if got != want {
		d.wrong++
		d.t.Errorf("clock set by %v: %s: %v, want %v", d.step, what, got, want)
	}
}

// ask sends a request as a client does, signed if there are credentials, and returns
// the error code of the answer: 0 for success, -1 if there is none.
func (x *exchange) ask(client netip.AddrPort, c Credentials, nonce stun.Nonce, method stun.Method, attrs ...stun.Setter) (code int, fresh stun.Nonce) {
	x.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.NewType(method, stun.ClassRequest)}, attrs...)
	if c.Username != "" {
		setters = append(setters, stun.NewUsername(c.Username), stun.NewRealm("joingyd"), nonce, stun.NewLongTermIntegrity(c.Username, "joingyd", c.Password))
	}
	request, err := stun.Build(setters...)
	if err != nil {
		x.t.Fatal(err)
	}
	x.out.begin()
	raw, _ := x.listener.handle(x.out, caller{source: endpointOf(client), addr: client}, request.Raw)
	x.out.flush()
	if raw == nil {
		return -1, nil
	}
	answer := &stun.Message{Raw: raw}
	if err := answer.Decode(); err != nil {
		x.t.Fatal(err)
	}
	var refusal stun.ErrorCodeAttribute
	if refusal.GetFrom(answer) == nil {
		code = int(refusal.Code)
	}
	if answer.Contains(stun.AttrNonce) {
		fresh.GetFrom(answer) //nolint:errcheck // it is there
	}
	return code, fresh
}

// Trial P3: the clock is set while credentials, nonces, allocations, permissions,
// budgets and resting addresses are under way. All go on as if nothing had happened.
func TestP3Clock(t *testing.T) {
	made, wrong := 0, 0
	for _, step := range clockSteps {
		synctest.Test(t, func(t *testing.T) {
			d := &decisions{t: t, step: step}
			setTheClock(d)
			made, wrong = made+d.made, wrong+d.wrong
		})
		d := &decisions{t: t, step: step}
		setTheClockOfOpen(d)
		made, wrong = made+d.made, wrong+d.wrong
	}
	t.Logf("figure: %d decisions, %d wrong", made, wrong)
}

func setTheClock(d *decisions) {
	var clock clocktest.Clock
	x := newExchange(d.t, Options{Now: clock.Now, CredentialLifetime: time.Hour})
	udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	client := func(n uint16) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.9"), n) }
	stranger := netip.MustParseAddrPort("203.0.113.9:1")
	_, nonce := x.ask(client(1), Credentials{}, nil, stun.MethodAllocate, udp)
	old := x.Admit(x.sessions[0], netip.MustParseAddr("192.0.2.9"))
	x.ask(client(1), old, nonce, stun.MethodAllocate, udp)
	asked := func() int { code, _ := x.ask(stranger, Credentials{}, nil, stun.MethodAllocate, udp); return code }
	for range strangerBurst {
		asked()
	}
	spare := x.allocate(ident.NewSession(), client(99)).addr
	x.Kill(spare)
	rests := func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.pool.wake(x.now())
		_, rests := x.pool.resting[spare]
		return rests
	}
	pass := func(d time.Duration) { time.Sleep(d); synctest.Wait() }

	clock.Set(d.step)
	request := func(n uint16, c Credentials, nonce stun.Nonce, method stun.Method) int {
		code, _ := x.ask(client(n), c, nonce, method, udp)
		return code
	}
	d.check("Allocate with credentials and nonce of before", request(2, old, nonce, stun.MethodAllocate), 0)
	d.check("Allocate with fresh credentials", request(3, x.Admit(x.sessions[0], netip.Addr{}), nonce, stun.MethodAllocate), 0)
	d.check("Refresh of an allocation of before", request(1, old, nonce, stun.MethodRefresh), 0)
	d.check("the pair talks on", x.passes(0) && x.passes(1), true)
	d.check("a stranger whose answers are used up", asked(), -1)
	d.check("an address rests", rests(), true)
	pass(time.Second)
	d.check("a stranger, a second later", asked(), int(stun.CodeUnauthorized))
	pass(permissionLifetime - 2*time.Second)
	d.check("the permission just before its end", x.passes(0), true)
	pass(time.Second)
	d.check("the permission at its end", x.passes(0), false)
	pass(defaultLifetime - permissionLifetime - time.Second)
	d.check("Refresh just before the allocation's end", request(1, old, nonce, stun.MethodRefresh), 0)
	d.check("an address rests until its time is over", rests(), true)
	pass(time.Second)
	d.check("Refresh at the end of one that was not refreshed", request(2, old, nonce, stun.MethodRefresh), int(stun.CodeAllocMismatch))
	d.check("an address rests no longer", rests(), false)
	pass(time.Hour - defaultLifetime - time.Second)
	d.check("Allocate just before the credentials' end", request(4, old, nonce, stun.MethodAllocate), 0)
	pass(time.Second)
	d.check("Allocate at the credentials' end", request(5, old, nonce, stun.MethodAllocate), int(stun.CodeUnauthorized))
	renewed := x.Admit(x.sessions[0], netip.Addr{})
	d.check("a nonce after an hour", request(5, renewed, nonce, stun.MethodAllocate), int(stun.CodeStaleNonce))
	clock.Set(-d.step)
	d.check("Allocate past the credentials' end, the clock set right", request(5, old, nonce, stun.MethodAllocate), int(stun.CodeUnauthorized))
	d.check("a nonce after an hour, the clock set right", request(5, renewed, nonce, stun.MethodAllocate), int(stun.CodeStaleNonce))
	x.Close()
}

// setTheClockOfOpen looks at credentials in open mode. Those of other back ends are
// the exception: they end by the wall time, which is all that the two machines share.
func setTheClockOfOpen(d *decisions) {
	var clock clocktest.Clock
	secret := bytes.Repeat([]byte{7}, minSecret)
	s, err := New(Options{Now: clock.Now, CredentialLifetime: time.Hour, Open: &Open{
		Relay: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Users: map[string]string{"static": "password"}, Secrets: [][]byte{secret},
	}})
	if err != nil {
		d.t.Fatal(err)
	}
	session := s.Admit(ident.NewSession(), netip.Addr{}).Username
	end := clock.Now().Add(30 * time.Minute).Unix()
	clock.Set(d.step)
	for username, want := range map[string]bool{
		session: false, "static": false, strconv.FormatInt(end, 10) + ":alice": end <= clock.Now().Unix(),
	} {
		keys, expired := s.keys(username)
		d.check("expiry for "+username, expired, want)
		d.check("keys for "+username, len(keys), 1)
	}
	s.Close()
}
