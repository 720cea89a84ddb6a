package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/joingyd/joingyd/cluster/redistest"
	"github.com/joingyd/joingyd/config"
	"github.com/joingyd/joingyd/privacy"
	"github.com/joingyd/joingyd/web"
)

// TestFormsAtAnyNode has visitors ask one node about what another has: a visit, a session, a
// guardian's word, an appeal, and what is held of them.
func TestFormsAtAnyNode(t *testing.T) {
	t.Parallel()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	nodes := startNodes(t, redistest.Start(t), 2, func(c *config.Config) { c.Privacy.Recipients = []string{key.Recipient().String()} })
	here, there := nodes[0], nodes[1]
	a := newCaller(t, there, "127.0.0.2") // its visit is in there's log alone

	told(t, here, "127.0.0.2", "/data", "When and from where you came</dt><dd>Yes", "ask", "see")
	told(t, here, "127.0.0.3", "/data", "When and from where you came</dt><dd>No", "ask", "see")
	receipt := takenForm(t, here, "127.0.0.4", "/data", "ask", "see", "visit", a.welcome.Receipt, "contact", "roe@example.org")
	for _, d := range nodes {
		list := d.requests.List(false)
		if len(list) != 1 || list[0].Kind != privacy.Access || list[0].Subject.Session != a.welcome.Session || list[0].Contact != "roe@example.org" {
			t.Errorf("%s has %+v", d.cfg.Cluster.Node, list)
		}
	}
	command(t, here, "privacy", "requests", "answer", here.requests.List(false)[0].ID, "--text", "Nothing here.")
	told(t, here, "127.0.0.9", "/data", "It waits for a person", "receipt", receipt)
	if text := command(t, here, "privacy", "requests", "list"); !strings.HasPrefix(text, "NODE  REQUEST") || !strings.Contains(text, "\nn2    ") {
		t.Errorf("requests:\n%s", text)
	}
	command(t, here, "privacy", "requests", "answer", there.requests.List(false)[0].ID, "--text", "One visit.")
	told(t, here, "127.0.0.9", "/data", "One visit.", "receipt", receipt)
	told(t, there, "127.0.0.9", "/data", "Nothing here.", "receipt", receipt)

	receipt = takenForm(t, there, "127.0.0.2", "/data", "ask", "delete")
	told(t, here, "127.0.0.9", "/data", "was taken back", "receipt", receipt, "take_back", "yes")
	for _, d := range nodes {
		if list := d.requests.List(true); !slices.ContainsFunc(list, func(r privacy.Request) bool { return r.State == privacy.StateWithdrawn }) {
			t.Errorf("%s has %+v", d.cfg.Cluster.Node, list)
		}
	}

	said := []string{"words", "Somebody asked for pictures.", "when", "Friday noon, UTC", "contact", "roe@example.org"}
	receipt = takenForm(t, here, "127.0.0.6", "/guardian", append(said, "reference", a.welcome.Session)...)
	k, err := here.cases.Get(onlyCase(t, here).ID)
	if err != nil || k.Session != a.welcome.Session || !slices.Equal(k.Suspects, []string{there.pseudonym(netip.MustParseAddr("127.0.0.2"))}) {
		t.Errorf("%+v, %v", k, err)
	}
	told(t, there, "127.0.0.6", "/guardian", "It waits for a person", "receipt", receipt)
	told(t, there, "127.0.0.6", "/guardian", "This is not known", "receipt", "aaaa"+receipt[4:])
}

func TestOutcomesOfSeveralNodes(t *testing.T) {
	done, refused, open := web.DataOutcome{State: "done", Answer: "One visit."}, web.DataOutcome{State: "refused", Answer: "One visit."}, web.DataOutcome{State: "open"}
	for _, tt := range []struct {
		all  []web.DataOutcome
		want web.DataOutcome
	}{
		{[]web.DataOutcome{done}, done},
		{[]web.DataOutcome{done, refused}, done},
		{[]web.DataOutcome{open, done}, web.DataOutcome{State: "open", Answer: "One visit."}},
		{[]web.DataOutcome{done, open}, web.DataOutcome{State: "open", Answer: "One visit."}},
		{[]web.DataOutcome{done, {State: "done", Answer: "Two."}}, web.DataOutcome{State: "done", Answer: "One visit.\n\nTwo."}},
	} {
		if got := mergeOutcomes(tt.all); got != tt.want {
			t.Errorf("%+v come to %+v, want %+v", tt.all, got, tt.want)
		}
	}
}
