package ban

// Scope is what a ban keeps out of.
type Scope string

// The scopes, the widest first.
const (
	ScopeAll   Scope = "all"   // everything
	ScopeVideo Scope = "video" // video chats; texts stay
	ScopeRelay Scope = "relay" // the TURN relay; chats that need none stay
)

// Use is what an address wants.
type Use uint8

// The uses. A ban for everything is in the way of each, one for video of
// UseVideo and UseRelay, one for the relay of UseRelay.
const (
	UseSite  Use = iota // to come in
	UseVideo            // a video chat
	UseRelay            // an allocation of the relay, or to be the peer of one
)

// scopes are the scopes by their number in the file and in the index. A ban of
// scopes[n] is in the way of the uses from n on.
var scopes = [...]Scope{ScopeAll, ScopeVideo, ScopeRelay}

var scopeNumbers = map[Scope]uint8{ScopeAll: 0, ScopeVideo: 1, ScopeRelay: 2}

// Scopes returns every scope, the widest first.
func Scopes() []Scope { return scopes[:] }
