package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joingyd/joingyd/admin"
	"github.com/joingyd/joingyd/ban"
)

func newBansStatsCommand(flags *adminFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "stats",
		Short: "Count the bans",
		Long: `Count the active bans by scope, target and maker, those that were made lately, and
those that have ended. Of a million bans that takes a few seconds.`,
		Example: "  joingyd bans stats\n  joingyd bans stats -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ask(cmd, flags, func(ctx context.Context, c control) (admin.BanStats, error) {
				return c.BanStats(ctx)
			}, printBanStats)
		},
	}
}

func printBanStats(w io.Writer, s admin.BanStats) error {
	return printTable(w, func(p *printer) {
		p.printf("active\t%s\n", thousands(s.Active))
		p.printf("permanent\t%s\n", thousands(s.Permanent))
		p.printf("ending\t%s within 24h\n", thousands(s.EndingDay))
		p.printf("made\t%s within 24h, %s within 7d\n", thousands(s.MadeDay), thousands(s.MadeWeek))
		p.printf("by scope\t%s\n", counts(s.Scopes, ban.ScopeAll, ban.ScopeVideo, ban.ScopeRelay))
		p.printf("by target\t%s\n", counts(s.Kinds, ban.KindAddress, ban.KindNet64, ban.KindPrefix))
		label := "by maker"
		for _, maker := range s.By {
			p.printf("%s\t%s %s\n", label, thousands(maker.Bans), maker.By)
			label = ""
		}
		p.printf("ended\t%s\n", counts(s.Ended, ban.HowRemoved, ban.HowExpired, ban.HowReplaced))
		p.printf("allowed\t%s\n", thousands(s.Allowed))
		p.printf("file\t%s\n", count(int(s.Bytes), "byte"))
		for _, key := range s.Keys {
			current := ""
			if key.Current {
				current = " (current)"
			}
			p.printf("key %d%s\t%s\n", key.Number, current, count(key.Bans, "ban"))
		}
	})
}

// counts writes one line: 3 all, 1 video, 0 relay.
func counts[K ~string](of map[K]int, names ...K) string {
	var parts []string
	for _, name := range names {
		parts = append(parts, fmt.Sprintf("%s %s", thousands(of[name]), name))
	}
	return strings.Join(parts, ", ")
}
