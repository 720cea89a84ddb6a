package disclosure

import (
	"fmt"
	"strings"
	"time"
)

// text is the manifest for people.
func (m *Manifest) text() []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("DISCLOSURE %s (%s)", m.ID, m.Kind)
	line("")
	line("To:         %s", m.Asked.Authority)
	if m.Asked.Reference != "" {
		line("Reference:  %s", m.Asked.Reference)
	}
	if m.Asked.Session != "" {
		line("About:      session %s", m.Asked.Session)
	} else {
		line("About:      address %s", m.Asked.Address)
	}
	line("From:       %s", timeText(m.Asked.From))
	line("To:         %s", timeText(m.Asked.To))
	line("Asked by:   %s", m.AskedBy)
	if m.ConfirmedBy != "" {
		line("Confirmed:  %s", m.ConfirmedBy)
	}
	line("Made:       %s", timeText(m.Made))
	line("Site's key: %s", m.Key)
	line("")
	line("ADDRESSES, %d", len(m.Rows))
	for _, r := range m.Rows {
		event := ""
		if r.Event != "" {
			event = "  " + r.Event
		}
		if r.Pair != "" {
			event += " in chat " + r.Pair
		}
		line("%s  %s  session %s%s  (%s)", r.At.UTC().Format(time.RFC3339Nano), r.Address, r.Session, event, r.Source)
	}
	if m.Asked.Has(Bans) {
		line("")
		line("BANS, %d", len(m.Bans))
		for _, ban := range m.Bans {
			ended := "permanent"
			if !ban.Ended.IsZero() {
				ended = "until " + timeText(ban.Ended)
			}
			line("%s  %s, %s: %q  (%s)", timeText(ban.Made), ban.ID, ended, ban.Reason, ban.Source)
		}
	}
	if m.Asked.Has(Reports) {
		line("")
		line("REPORTS, %d", len(m.Reports))
		for _, r := range m.Reports {
			became := r.State
			if r.Decided != "" {
				became += ": " + r.Decided
			}
			line("%s  %s in case %s, %s  (%s)", timeText(r.At), r.Reason, r.Case, became, r.Source)
		}
	}
	line("")
	line("NOTES")
	for _, note := range m.Notes {
		line("- %s", note)
	}
	return []byte(b.String())
}
