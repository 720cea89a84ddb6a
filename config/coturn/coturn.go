// Package coturn translates the configuration of coturn's turnserver
// (turnserver.conf) into joingyd's.
//
//	file ─▶ lines ─▶ each option's translation ─▶ settings that several options make together ─▶ YAML
//	                       └▶ a note: what became of it, or why nothing and what to do instead
//
// Every line that is not empty or a comment has a note, one with a mistake too. What
// coturn would take is taken from its source (src/apps/relay/mainrelay.c, 4.6):
// names end at a blank or "=", values may be in double quotes, an option for a switch
// may be switched off, an unknown one is passed over.
//
// The outcome is for other programs' calls, as coturn's are: turn.relay is open.
// Secrets and passwords are never in it, nor in a note: SecretFiles and UsersFiles
// have them.
package coturn

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"unicode/utf8"

	"github.com/joingyd/joingyd/config"
)

// Options of Translate. The zero value works.
type Options struct {
	// Own are this machine's addresses, for what coturn would find out by itself.
	Own []netip.Addr
	// SecretFile and UsersFile are where the configuration looks for them. Empty:
	// turn.secret and turn.users in /etc/joingyd.
	SecretFile, UsersFile string
}

// Fate is what became of an option.
type Fate string

// The fates.
const (
	Taken   Fate = "taken over"     // Note.Key has it
	Same    Fate = "so here anyway" // nothing need be set
	Differs Fate = "differs"        // not as it was: the note says how
	None    Fate = "none here"      // no equivalent: the note says what to do instead
	Unknown Fate = "unknown"        // coturn has no such option, and passes over it
	Wrong   Fate = "wrong"          // its value cannot be used
)

// Note is what became of a line.
type Note struct {
	Line int    // from 1
	Text string // the line as it may be shown: secrets are "…"
	Fate Fate
	Key  string // of ours, where there is one
	Why  string // in words
}

// Translation is a file in our terms.
type Translation struct {
	Config config.Config
	Notes  []Note // in the order of lines, and after them what no line says

	secrets     []string // of TURN REST credentials
	users       []string // "name:password"
	secretFiles []string
	usersFile   string
	leftOut     map[string]bool // keys whose value the daemon would not take
}

// maxLine bounds a line, in bytes. coturn cuts lines at 1,024.
const maxLine = 64 << 10

// Translate reads a turnserver.conf. Its error is that of reading, or a line that is
// no text.
func Translate(r io.Reader, opts Options) (Translation, error) {
	s := newState(opts)
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		l, ok := parseLine(number, lines.Text())
		if ok {
			s.line(l)
		}
	}
	if err := lines.Err(); err != nil {
		return Translation{}, fmt.Errorf("line %d: %w", number+1, err)
	}
	s.finish()
	return s.Translation, nil
}

// state carries one Translate.
type state struct {
	Translation
	opts     Options
	listens  listens
	relays   relays
	peers    peers
	isSecret bool // use-auth-secret
}

func newState(opts Options) *state {
	s := &state{opts: opts, listens: listens{port: 3478, tlsPort: 5349}, relays: relays{first: 49152, last: 65535}}
	s.Config, s.leftOut = config.Default(), make(map[string]bool)
	s.Config.TURN.Relay = "open"
	return s
}

// line translates one line.
func (s *state) line(l line) {
	o, known := options[l.name]
	note := Note{Line: l.number, Text: l.text(known && !o.secret)}
	switch {
	case !known:
		note.Fate, note.Why = Unknown, "coturn has no such option and passes over it; correct it, or leave it out"
	case !utf8.ValidString(l.value):
		note.Fate, note.Why = Wrong, "is not UTF-8"
	case o.needsValue && l.value == "":
		note.Fate, note.Why = Wrong, "needs a value"
	case o.isSwitch && l.off():
		note.Fate, note.Why = Same, "is switched off, so it says nothing"
	default:
		note.Fate, note.Key, note.Why = o.translate(s, l)
	}
	s.Notes = append(s.Notes, note)
}

// noteOf is the note on a line.
func (s *state) noteOf(line int) *Note {
	return &s.Notes[slices.IndexFunc(s.Notes, func(n Note) bool { return n.Line == line })]
}

// add adds a note that no line stands for.
func (s *state) add(fate Fate, key, why string) {
	s.Notes = append(s.Notes, Note{Fate: fate, Key: key, Why: why})
}

// finish makes the settings that several options make together.
func (s *state) finish() {
	s.finishListens()
	s.finishRelays()
	s.finishPeers()
	s.finishCredentials()
	for _, p := range s.Config.Validate() {
		s.leftOut[p.Key] = true
		for i, note := range s.Notes {
			if note.Key == p.Key {
				s.Notes[i].Fate, s.Notes[i].Why = Wrong, p.Detail
			}
		}
	}
}
